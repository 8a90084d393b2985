"""Would more labels help, and of which class: measured after a fine-tuning, kept as learning_curve.json of its run.

Heads on the frozen base encoder's text vectors (or the run's simple baseline) learn from parts of the labels, drawn by
class and by document, and are judged on the run's held-out rows: once with parts of all labels, and once for each class
with parts of its labels alone. `evaluation.growth` follows the scores to more labels than there are. Reading the file
loads no deep-learning library.
"""

import dataclasses
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.access import Role, require
from sentiment.data import Dataset, combine_groups
from sentiment.errors import RunError
from sentiment.evaluation.growth import OF_ONE_CLASS, Growth, HeldOut, Trial, grow
from sentiment.evaluation.metrics import TOO_FEW
from sentiment.files import read_json, write_json
from sentiment.models.registry import BASELINES, MAJORITY, SCRATCH, SCRATCH_RNN
from sentiment.training.held_out import Labeled, count_known, kept_split
from sentiment.training.runs import LEARNING_CURVE, Run

FEWEST_LABELS, FEWEST_HELD_OUT = 100, 50
_FEWEST_OF_CLASS = 24  # labels of a class whose quarter still is a handful
_MOST_LABELS, _MOST_HELD_OUT = 2_000, 2_000  # what a few seconds allow
_MOST_CLASSES = 6
PARTS = ((8, 3), (4, 4), (2, 4), (1, 1))  # one n-th of the labels, so many times
PARTS_OF_CLASS = ((4, 3), (2, 3))
_FEWEST_SIZES = 3  # of parts: what a curve is fitted to
_THREADS = 2
_MOST_SECONDS = 20.0  # on a machine that is busy with other things, classes are left out rather than waited for

Positions = NDArray[np.int64]
Fitter = Callable[[Positions], NDArray[np.int64]]


def measure_learning(run: Run, dataset: Dataset) -> dict[str, Any]:
    """What more labels would bring to a finished run; kept in its folder, and given back.

    Args:
        run: finished; its split says which rows it learned from.
        dataset: its data, labeled as when it was created.

    Returns:
        See `read_learning`.

    Raises:
        AccessError: if whoever asks may not write into the run.
    """
    require(Role.OWNER, doing="change a run")
    labeled = _labeled(run, dataset)
    held_out = labeled.held_out
    own = np.concatenate([labeled.split.train, labeled.split.validation])
    train = own if len(labeled.split.test) else labeled.split.train
    skipped = _reason_against(run, labeled.frame["text"].iloc[train], n_held_out=len(held_out))
    values = {"skipped": skipped} if skipped else _measure(run, labeled, train=np.sort(train), held_out=held_out)
    write_json(run.folder / LEARNING_CURVE, values)
    return values


def read_learning(run: Run) -> dict[str, Any] | None:
    """What `measure_learning` kept; None for a run from before there was any, or whose file is damaged.

    Returns:
        {"skipped": why}, or a dictionary with n_labels (learned from), n_measured (the most that the curve was measured
        with), n_held_out, base, "overall" (a curve of macro-F1) and "classes": for each class its name, n_labels,
        support (held-out rows), and "own" (a curve of its F1, its labels alone varied) and "mean" (a curve of macro-F1,
        likewise), or "skipped" with the reason. A curve is a `Growth` as a dictionary.
    """
    try:
        values = read_json(run.folder / LEARNING_CURVE)
        if "skipped" in values:
            return {"skipped": str(values["skipped"])}
        for curve in (
            values["overall"],
            *(part[kind] for part in values["classes"] for kind in ("own", "mean") if kind in part),
        ):
            curve["gains"] = {int(factor): tuple(gain) for factor, gain in curve["gains"].items()}
        return dict(values)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _labeled(run: Run, dataset: Dataset) -> Labeled:
    """The run's rows and their split, as it noted them."""
    frame, split = dataset.labeled.reset_index(drop=True), kept_split(run, dataset)
    if split is None:
        raise RunError("This run has noted no split", todo="Resume it, or start a new run")
    codes = {name: code for code, name in enumerate(dataset.classes)}
    return Labeled(frame, frame["label"].map(codes).to_numpy().astype(np.int64), split, dataset.classes)


def _reason_against(run: Run, texts: "pd.Series[str]", *, n_held_out: int) -> str:
    """Why nothing can be measured with the labels of these texts; "" if it can."""
    base, n_labels = run.info.config.base, len(texts)
    if base in (SCRATCH, SCRATCH_RNN):
        return (
            "A network that learns from nothing would have to be trained again for every point of the curve. "
            "A run with a base model or a simple baseline shows one."
        )
    if base == MAJORITY:
        return "It says the most frequent class whatever the labels are."
    if count_known(base, texts):
        return (
            "The model that this run started from has learned from some of these labels: a part of them would look as "
            "good as all. A run that starts from one that has not shows the curve."
        )
    if n_labels < FEWEST_LABELS:
        return f"{n_labels} labels are too few to learn from parts of them; from {FEWEST_LABELS} on there is a curve."
    if n_held_out < FEWEST_HELD_OUT:
        return f"{n_held_out} held-out rows are too few to see small differences; {FEWEST_HELD_OUT} would do."
    return ""


def _measure(run: Run, labeled: Labeled, *, train: Positions, held_out: Positions) -> dict[str, Any]:
    until = time.monotonic() + _MOST_SECONDS
    rng, n_labels = np.random.default_rng(run.info.config.seed), len(train)
    counts = np.bincount(labeled.labels[train], minlength=len(labeled.classes))
    groups = combine_groups(labeled.frame["group"]) if run.info.group_column else None
    if n_labels > _MOST_LABELS:
        train = _part(labeled, train, share=_MOST_LABELS / n_labels, groups=groups, rng=rng)
    if len(held_out) > _MOST_HELD_OUT:
        held_out = np.sort(rng.choice(held_out, _MOST_HELD_OUT, replace=False))
    fit = _fitter(run, labeled, train=train, held_out=held_out)
    rows = HeldOut(
        labeled.labels[held_out],
        n_classes=len(labeled.classes),
        groups=None if groups is None else groups[held_out].tolist(),
        seed=run.info.config.seed,
    )
    parts = [
        train if nth == 1 else _part(labeled, train, share=1 / nth, groups=groups, rng=rng)
        for nth, times in PARTS
        for _ in range(times)
    ]
    trials = [Trial(len(part), said) for part, said in zip(parts, _fit_all(fit, parts), strict=True)]
    trials = _level(trials)
    if len({trial.n_labels for trial in trials}) < _FEWEST_SIZES:
        return {"skipped": "The labels are in too few documents to learn from parts of them."}
    by_class = rows.f1(trials[-1].said)[0]
    classes = _measure_classes(
        labeled,
        fit,
        rows,
        train=train,
        groups=groups,
        whole=trials[-1].said,
        counts=counts,
        by_class=by_class,
        rng=rng,
        until=until,
    )
    return {
        "n_labels": n_labels,
        "n_measured": len(train),
        "n_held_out": len(held_out),
        "base": os.path.basename(run.info.config.base),
        "overall": _rounded(grow(trials, rows, target=None, n_now=n_labels)),
        "classes": classes,
    }


def _measure_classes(
    labeled: Labeled,
    fit: Fitter,
    rows: HeldOut,
    *,
    train: Positions,
    groups: NDArray[Any] | None,
    whole: NDArray[np.int64],
    counts: NDArray[np.int64],
    by_class: NDArray[np.float64],
    rng: np.random.Generator,
    until: float,
) -> list[dict[str, Any]]:
    """For each class what it brings to have more of its labels alone; the weakest ones where there are many."""
    labels, support = labeled.labels[train], np.bincount(rows.truth, minlength=len(labeled.classes))
    in_train = np.bincount(labels, minlength=len(labeled.classes))
    able = [c for c in range(len(labeled.classes)) if in_train[c] >= _FEWEST_OF_CLASS and support[c] >= TOO_FEW]
    chosen = sorted(able, key=lambda c: by_class[c])[:_MOST_CLASSES]
    found: list[dict[str, Any]] = []
    for c, name in enumerate(labeled.classes):
        part: dict[str, Any] = {"class": name, "n_labels": int(counts[c]), "support": int(support[c])}
        if c not in able:
            part["skipped"] = f"{in_train[c]} labels to learn from and {support[c]} held-out rows are too few to tell."
        elif c not in chosen:
            part["skipped"] = f"Only the {_MOST_CLASSES} weakest classes were measured."
        elif time.monotonic() > until:
            part["skipped"] = "The machine was too busy to measure it in time."
        else:
            of_class, others = train[labels == c], train[labels != c]
            sizes = [(nth, max(2, len(of_class) // nth)) for nth, times in PARTS_OF_CLASS for _ in range(times)]
            parts = [
                np.sort(np.concatenate([others, _part(labeled, of_class, share=1 / nth, groups=groups, rng=rng)]))
                for nth, _ in sizes
            ]
            said = _fit_all(fit, parts)
            trials = [Trial(size, one) for (_, size), one in zip(sizes, said, strict=True)]
            trials.append(Trial(len(of_class), whole))
            for kind, target in (("own", c), ("mean", None)):
                part[kind] = _rounded(
                    grow(trials, rows, target=target, n_now=int(counts[c]), factors=(2,), usual=OF_ONE_CLASS)
                )
        found.append(part)
    return found


def _level(trials: Sequence[Trial]) -> list[Trial]:
    """The trials, those of one part with their mean size: documents are not cut, so it varies a little."""
    parts = np.repeat(np.arange(len(PARTS)), [times for _, times in PARTS])
    sizes = pd.Series([trial.n_labels for trial in trials]).groupby(parts).transform("mean").round().astype(int)
    return [dataclasses.replace(trial, n_labels=int(n)) for trial, n in zip(trials, sizes, strict=True)]


def _part(
    labeled: Labeled, rows: Positions, *, share: float, groups: NDArray[Any] | None, rng: np.random.Generator
) -> Positions:
    """About this share of some rows: of each class as much, whole documents where rows belong together."""
    if groups is None:
        parts = []
        for code in np.unique(labeled.labels[rows]):
            of_class = rng.permutation(rows[labeled.labels[rows] == code])
            parts.append(of_class[: max(1, round(share * len(of_class)))])
        return np.sort(np.concatenate(parts))
    wanted = share * np.bincount(labeled.labels[rows], minlength=len(labeled.classes))
    drawn = [_documents(rows, groups[rows], share=share, rng=rng) for _ in range(8)]
    return min(drawn, key=lambda part: _distance(labeled.labels[part], wanted))


def _documents(rows: Positions, groups: NDArray[Any], *, share: float, rng: np.random.Generator) -> Positions:
    """Whole documents in a random order, up to about a share of the rows."""
    codes, names = pd.factorize(groups)
    order = rng.permutation(len(names))
    sizes = np.bincount(codes, minlength=len(names))[order]
    n = max(1, int(np.searchsorted(np.cumsum(sizes), share * len(rows) + 0.5 * sizes.mean())))
    return np.sort(rows[np.isin(codes, order[:n])])


def _distance(labels: NDArray[np.int64], wanted: NDArray[Any]) -> float:
    return float((np.abs(np.bincount(labels, minlength=len(wanted)) - wanted) / np.sqrt(wanted + 1)).sum())


def _fit_all(fit: Fitter, parts: Sequence[Positions]) -> list[NDArray[np.int64]]:
    """What models say of the held-out rows that learned from these parts."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(fit, parts))


def _fitter(run: Run, labeled: Labeled, *, train: Positions, held_out: Positions) -> Fitter:
    """Positions of labels → what a model that learned from these alone says of the held-out rows, as class numbers."""
    if run.info.config.base in BASELINES:
        return _baseline_fitter(run, labeled, held_out)
    return _head_fitter(run, labeled, train=train, held_out=held_out)


def _baseline_fitter(run: Run, labeled: Labeled, held_out: Positions) -> Fitter:
    from sentiment.training.simple import fit_rows

    texts = labeled.texts(held_out)

    def fit(positions: Positions) -> NDArray[np.int64]:
        model, _ = fit_rows(run.info.config, labeled, positions, language=run.info.language)
        return model(texts).argmax(axis=1).astype(np.int64)

    return fit


def _head_fitter(run: Run, labeled: Labeled, *, train: Positions, held_out: Positions) -> Fitter:
    from sentiment.training.imbalance import adjust_head
    from sentiment.training.journal import Journal
    from sentiment.training.transfer import Transfer

    transfer = Transfer(labeled, Journal(run, lambda state: None, lambda: False))
    both = np.concatenate([train, held_out])
    vectors = transfer.vectors(transfer.tokens(labeled.texts(both)))
    of_train, of_held_out = vectors[: len(train)], vectors[len(train) :]

    def fit(positions: Positions) -> NDArray[np.int64]:
        labels = labeled.labels[positions]
        head = transfer.fit_head(of_train[np.searchsorted(train, positions)], positions, unlabeled=None)
        head = adjust_head({"head": head}, transfer.plan_for(labels).posthoc)["head"]
        return np.asarray((of_held_out @ head["kernel"] + head["bias"]).argmax(axis=1), np.int64)

    return fit


def _rounded(growth: Growth) -> dict[str, Any]:
    """A curve as JSON values."""
    return {
        "sizes": list(growth.sizes),
        "values": [[round(number, 4) for number in value] for value in growth.values],
        "n_measured": growth.n_measured,
        "gains": {str(factor): [round(number, 4) for number in gain] for factor, gain in growth.gains.items()},
    }
