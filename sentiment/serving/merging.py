"""What is asked of a model at about the same time goes to it as one batch.

There is no waiting for company: while the model is at work, what comes in gathers, and is its next batch.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool

Answer = tuple[tuple[str, ...], NDArray[np.float32]]  # classes, and probabilities float32[n_texts, n_classes]
Predict = Callable[[str, list[str]], Answer]  # model and texts → answer


class Busy(Exception):
    """More is waiting than would be answered in a reasonable time."""


@dataclass(frozen=True)
class _Asked:
    model: str
    texts: list[str]
    answer: "asyncio.Future[Answer]"
    n_chars: int


class Merger:
    """Predictions for many who ask at once; to be used from one event loop.

    Args:
        predict: called in a thread, for one batch at a time.
        most_texts: in one batch; what one request asks for is never split.
        most_waiting: texts that may wait.
        most_chars: characters of all texts that may wait.
    """

    def __init__(
        self,
        predict: Predict,
        *,
        most_texts: int = 4_096,
        most_waiting: int = 50_000,
        most_chars: int = 32_000_000,
    ) -> None:
        self._predict, self._most_texts = predict, most_texts
        self._most_waiting, self._most_chars = most_waiting, most_chars
        self._waiting: deque[_Asked] = deque()
        self._n_texts = self._n_chars = 0
        self._at_work: asyncio.Task[None] | None = None

    async def ask(self, model: str, texts: list[str]) -> Answer:
        """The model's classes, and the probabilities of the texts.

        Raises:
            Busy: if too many texts wait already.
            SentimentError: what the prediction raised.
        """
        asked = _Asked(model, texts, asyncio.get_running_loop().create_future(), sum(map(len, texts)))
        many = self._n_texts + len(texts) > self._most_waiting or self._n_chars + asked.n_chars > self._most_chars
        if self._n_texts and many:
            raise Busy
        self._waiting.append(asked)
        self._n_texts, self._n_chars = self._n_texts + len(texts), self._n_chars + asked.n_chars
        if self._at_work is None or self._at_work.done():
            self._at_work = asyncio.create_task(self._work())
        return await asked.answer

    async def _work(self) -> None:
        while self._waiting:
            batch = self._take()
            texts = [text for asked in batch for text in asked.texts]
            try:
                classes, probs = await run_in_threadpool(self._predict, batch[0].model, texts)
            except Exception as error:  # noqa: BLE001 it belongs to those who asked, and the next batch must go on
                for asked in batch:
                    if not asked.answer.done():
                        asked.answer.set_exception(error)
                continue
            start = 0
            for asked in batch:
                stop = start + len(asked.texts)
                if not asked.answer.done():  # else whoever asked has gone
                    asked.answer.set_result((classes, probs[start:stop]))
                start = stop

    def _take(self) -> list[_Asked]:
        """What has waited longest, and what else is asked of the same model, up to a batch."""
        first = self._waiting.popleft()
        batch, n_texts, rest = [first], len(first.texts), deque[_Asked]()
        for asked in self._waiting:
            fits = asked.model == first.model and n_texts + len(asked.texts) <= self._most_texts
            if fits:
                batch.append(asked)
                n_texts += len(asked.texts)
            elif not asked.answer.done():
                rest.append(asked)
        self._waiting = rest
        self._n_texts = sum(len(asked.texts) for asked in rest)
        self._n_chars = sum(asked.n_chars for asked in rest)
        return batch
