"""The multilingual teacher, tuned on labeled rows: it then says how good a text is, rather than what it is about.

A hundred times the size of the base models, it follows labels more closely than they can, and so gives them better
labels for texts that nobody labeled. Only pretraining needs it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.files import write_atomic
from sentiment.training.clock import Clock
from sentiment.training.fit import Progress
from sentiment.training.teacher import Source, Teacher
from sentiment.training.teacher_multilingual import PACKAGE, Parts, has_bfloat16, read_parts

_NEEDED = (PACKAGE, "torch", "transformers")
_FIRST, _LAST = 62, 64  # pieces of a text that are read: reviews begin and end with what they come to
_POOL = 20  # batches whose rows are sorted by length together
_READ = 64  # texts that are read at once
_PIECES = "embeddings.word_embeddings.weight"


@dataclass(frozen=True, kw_only=True)
class TuneSettings:
    """The settings of one tuning of the teacher.

    Attributes:
        epochs: passes over the labeled rows.
        learning_rate: peak rate of the network; the vectors of the pieces stay as they are.
        head_rate: peak rate of the layer that gives the classes.
        batch_size: rows of a step.
        warmup: share of the steps in which the rates rise; they fall to a fiftieth of the peak after it.
        weight_decay: decoupled.
        dropout: of what the layer sees.
        smoothing: share of a label that is spread over the classes.
        seed: draws everything.
    """

    epochs: int = 2
    learning_rate: float = 6e-5
    head_rate: float = 1e-3
    batch_size: int = 32
    warmup: float = 0.06
    weight_decay: float = 0.01
    dropout: float = 0.1
    smoothing: float = 0.05
    seed: int = 0


def tuned_teacher(
    texts: Sequence[str],
    labels: NDArray[np.int64],
    settings: TuneSettings,
    *,
    cache: Path,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Teacher:
    """A teacher that gives the logits float16[n_texts, n_classes] of texts, as the labeled ones taught it.

    It is tuned when it is first asked something that it has not said before; its weights are kept, too.

    Args:
        texts: labeled rows.
        labels: 0, 1, … for each, every class at least once.
        settings: see `TuneSettings`.
        cache: folder for its weights and for what it says.
        on_progress: called about twice a second while it is tuned.

    Raises:
        ModelError: if what only pretraining needs is not installed.
    """
    known = "\0".join([repr(settings), *texts, *map(str, labels.tolist())])
    name = f"tuned-{hashlib.sha256(known.encode('utf-8', 'replace')).hexdigest()[:24]}"
    path = cache / f"{name}.safetensors"

    def load() -> Callable[[list[str]], NDArray[np.float16]]:
        parts = read_parts()
        if not path.exists():
            _save(parts, tune(parts, texts, labels, settings, on_progress=on_progress), path)
        head = _load(parts, path)  # what was kept, so that it says the same the next time
        return lambda asked: ask(parts, head, asked)

    return Teacher(cache, Source(_NEEDED, load, prefix=f"{name}-", width=int(labels.max()) + 1))


def _save(parts: Parts, head: Any, path: Path) -> None:
    """Writes the weights that were tuned, in half the bytes; the vectors of the pieces stayed as they are."""
    from safetensors.torch import save

    weights = {f"network.{name}": value for name, value in parts.network.state_dict().items() if name != _PIECES}
    weights |= {f"head.{name}": value for name, value in head.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, save({name: value.half().contiguous() for name, value in weights.items()}))


def _load(parts: Parts, path: Path) -> Any:
    """Puts kept weights into the network; gives the layer."""
    import torch
    from safetensors.torch import load_file

    weights = {name: value.float() for name, value in load_file(path).items()}
    network = {name.removeprefix("network."): value for name, value in weights.items() if name.startswith("network.")}
    parts.network.load_state_dict({**network, _PIECES: parts.network.state_dict()[_PIECES]})
    n_classes, hidden = weights["head.weight"].shape
    head = torch.nn.Linear(hidden, n_classes)
    head.load_state_dict({name: weights[f"head.{name}"] for name in ("weight", "bias")})
    return head


def tune(
    parts: Parts,
    texts: Sequence[str],
    labels: NDArray[np.int64],
    settings: TuneSettings,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> Any:
    """Tunes the teacher's network in place; gives the torch layer from its 384 numbers to the logits of the classes."""
    import torch

    torch.manual_seed(settings.seed)
    head = torch.nn.Linear(parts.network.config.hidden_size, int(labels.max()) + 1)
    ids = _read_ids(parts, texts)
    batches = plan_steps([len(row) for row in ids], settings)
    optimizer, schedule, network = _make_optimizer(parts, head, settings, n_steps=len(batches))
    parts.network.train()
    clock, losses = Clock(), []
    for step, rows in enumerate(batches):
        with torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
            means = parts.mean_states([ids[row] for row in rows])
            logits = head(torch.nn.functional.dropout(means, settings.dropout))
        target = torch.from_numpy(labels[rows])
        loss = torch.nn.functional.cross_entropy(logits.float(), target, label_smoothing=settings.smoothing)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if clock.due() or step == len(batches) - 1:
            done, left = step + 1, clock.seconds_left(step + 1, len(batches))
            epoch, mean = settings.epochs * done / len(batches), float(np.mean(losses))
            on_progress(Progress("train", done, len(batches), epoch, settings.epochs, mean, seconds_left=left))
            losses = []
    return head


def ask(parts: Parts, head: Any, texts: Sequence[str]) -> NDArray[np.float16]:
    """Logits float16[n_texts, n_classes]."""
    import torch

    ids = _read_ids(parts, texts)
    order = np.argsort([len(row) for row in ids], kind="stable")
    logits = np.zeros((len(texts), head.out_features), np.float16)
    parts.network.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=has_bfloat16()):
        for first in range(0, len(order), _READ):
            rows = order[first : first + _READ]
            logits[rows] = head(parts.mean_states([ids[row] for row in rows])).float().numpy()
    return logits


def _read_ids(parts: Parts, texts: Sequence[str]) -> list[list[int]]:
    return parts.piece_ids(texts, first=_FIRST, last=_LAST)


def plan_steps(lengths: Sequence[int], settings: TuneSettings) -> list[NDArray[np.int64]]:
    """The rows of each step of all epochs, in an order that the seed draws; rows of a batch are of about one length."""
    rng, sizes = np.random.default_rng(settings.seed), np.array(lengths)
    steps: list[NDArray[np.int64]] = []
    for _ in range(settings.epochs):
        order = rng.permutation(len(sizes))
        epoch: list[NDArray[np.int64]] = []
        for pool in np.array_split(order, max(1, len(order) // (settings.batch_size * _POOL))):
            by_length = pool[np.argsort(sizes[pool], kind="stable")]
            epoch += np.array_split(by_length, max(1, len(pool) // settings.batch_size))
        steps += [epoch[place] for place in rng.permutation(len(epoch))]
    return steps


def _make_optimizer(parts: Parts, head: Any, settings: TuneSettings, *, n_steps: int) -> tuple[Any, Any, list[Any]]:
    """AdamW, the schedule of its rates, and the weights of the network that it moves."""
    import torch

    parts.network.embeddings.word_embeddings.weight.requires_grad_(False)
    network = [weight for weight in parts.network.parameters() if weight.requires_grad]
    groups = [
        {"params": network, "lr": settings.learning_rate},
        {"params": head.parameters(), "lr": settings.head_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)

    def share(step: int) -> float:
        return min(1.0, (step + 1) / max(1.0, settings.warmup * n_steps)) * max(0.02, 1.0 - step / n_steps)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, share), network
