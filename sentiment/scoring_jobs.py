"""The scoring of an uploaded file in the background: how far it is, how to stop it, and where the result is.

A thread of the server reads and writes; the model is asked in the model process. Few files are scored at a time, so
that pages stay quick; the others wait for their turn.
"""

import logging
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.access import Role, is_demo, require
from sentiment.data.sniffing import FileFormat, display_name
from sentiment.data.streaming import head_of
from sentiment.errors import AccessError, SentimentError, UsageError
from sentiment.judging import read_rule
from sentiment.scoring import Scored, ScoringProgress, score_file
from sentiment.serving import client

_AT_ONCE = 2
_TEXTS = 1_024  # asked of the model at a time
_turns = threading.BoundedSemaphore(_AT_ONCE)
log = logging.getLogger("sentiment.scoring")

Ask = Callable[..., dict[str, Any]]


class UploadedFile:
    """A file that was sent to be scored, kept in a temporary folder for as long as somebody holds this object.

    Attributes:
        path: where it is.
        name: what it is called, safe to show.
        file_format: how it is read.
        head: its first rows.

    Raises:
        AccessError: in demo mode, and for somebody who may not even look.
        DataError: if it is not a table.
        OSError: if there is no room for it.
    """

    def __init__(self, name: str, content: bytes | memoryview) -> None:
        require(Role.VIEWER, doing="score a file")
        if is_demo():
            raise AccessError("Files are not scored in a demo", todo="Start Sentiment Studio yourself")
        self.name = display_name(name)
        self.folder = Path(tempfile.mkdtemp(prefix="sentiment-score-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.path = self.folder / "upload"
        self.path.write_bytes(content)
        self.file_format: FileFormat
        self.head: pd.DataFrame
        self.file_format, self.head = head_of(self.path, name=self.name)


@dataclass(frozen=True)
class JobState:
    """How far a job is.

    Attributes:
        phase: "waiting", "reading", "scoring", "finished", "stopped" or "failed".
        progress: once the first rows are scored.
        scored: once it has finished.
        error: why it failed.
    """

    phase: str = "waiting"
    progress: ScoringProgress | None = None
    scored: Scored | None = None
    error: SentimentError | None = None

    @property
    def active(self) -> bool:
        """Whether it is still at work."""
        return self.phase in ("waiting", "reading", "scoring")


class _Stopped(Exception):
    """Somebody asked to stop."""


class ScoringJob:
    """One file on its way through a model; it ends when nobody holds this object any more.

    Args:
        upload: the file.
        model: the run folder, or whatever else the model process takes.
        text: its column with the texts.
        ending: of the result, such as ".csv".
        ask: how the model process is asked.
    """

    def __init__(
        self, upload: UploadedFile, model: str | Path, *, text: str, ending: str, ask: Ask = client.ask
    ) -> None:
        self.upload, self.text = upload, text
        self.out = upload.folder / f"scored{ending}"
        self._work = _Work(upload, str(model), text=text, out=self.out, ask=ask)
        weakref.finalize(self, self._work.stop.set)  # somebody who left needs no result

    @property
    def state(self) -> JobState:
        """How far it is."""
        return self._work.state

    def start(self) -> None:
        """Begins in the background."""
        threading.Thread(target=self._work.run, name="scoring", daemon=True).start()

    def stop(self) -> None:
        """Has it end after the texts that the model is at; nothing is kept then."""
        self._work.stop.set()


class _Work:
    """What the thread of a job does; it knows nothing of the job, so that it does not keep it alive."""

    def __init__(self, upload: UploadedFile, model: str, *, text: str, out: Path, ask: Ask) -> None:
        self._upload, self._model, self._text, self._out, self._ask = upload, model, text, out, ask
        self.stop = threading.Event()
        self.state = JobState()

    def run(self) -> None:
        """Waits for its turn, and scores."""
        while not _turns.acquire(timeout=0.2):
            if self.stop.is_set():
                self.state = JobState("stopped")
                return
        try:
            self.state = JobState("reading")
            self.state = self._score()
        except _Stopped:
            self.state = JobState("stopped")
        except SentimentError as error:
            self.state = JobState("failed", error=error)
        except OSError as error:
            self.state = JobState("failed", error=UsageError(f"The result cannot be written ({error.strerror})"))
        except Exception as error:
            log.exception("scoring failed")
            given = f"Scoring ended with an unexpected error ({type(error).__name__})"
            self.state = JobState("failed", error=UsageError(given, todo="Try again; the server's log says more"))
        finally:
            _turns.release()

    def _score(self) -> JobState:
        classes = tuple(self._ask("predict", self._model, texts=[])["classes"])

        def predict(texts: Sequence[str]) -> NDArray[np.float32]:
            parts = []
            for start in range(0, len(texts), _TEXTS):
                if self.stop.is_set():
                    raise _Stopped
                parts.append(self._ask("predict", self._model, texts=list(texts[start : start + _TEXTS]))["probs"])
            return np.array([row for part in parts for row in part], np.float32).reshape(len(texts), len(classes))

        def note(progress: ScoringProgress) -> None:
            self.state = JobState("scoring", progress)

        scored = score_file(
            self._upload.path,
            self._out,
            text=self._text,
            predict_fn=predict,
            classes=classes,
            rule=read_rule(Path(self._model)),
            name=self._upload.name,
            file_format=self._upload.file_format,
            on_progress=note,
            should_stop=self.stop.is_set,
        )
        return JobState("stopped") if scored.stopped else JobState("finished", scored=scored)
