"""How well labels in other languages teach one of their own: the measurement, cell by cell.

For each language its test rows are held out first. The same rows then judge a head on the base model's text vectors
that learned from the other languages' labels alone, the same with 50 and with 200 labels of the language's own, and two
models that start from nothing with these 50 and 200 alone. It runs on the heads that few labels end with, so a cell
takes seconds.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.training.clock import Clock
from sentiment.training.quick import QuickHead
from sentiment.training.text_vectors import TextVectors
from sentiment.training.transfer_gap_fits import ShouldStop, Ways, fit_scratch, fit_tfidf, fit_transfer
from sentiment.training.transfer_gap_rows import GapRows, Positions, Target, draw_labels, find_targets
from sentiment.training.transfer_gap_scores import SCRATCH_CNN, TFIDF, TRANSFER, sum_up

OWN = (50, 200)  # labels of a language's own
_FEWEST_OWN = 20
_TFIDF_ALSO = (20, 100, 500, 1_000, 2_000, 5_000)  # cheap enough to see how many labels do the same from nothing
_SCRATCH_DRAWS = 3  # at most: a network from nothing takes seconds for each
_WORK = {TRANSFER: 10, TFIDF: 1, SCRATCH_CNN: 60}  # about how long a cell takes beside others
Cell = dict[str, Any]
OnProgress = Callable[[str, int, int, float | None], None]


def measure(
    rows: GapRows,
    base: str,
    *,
    n_draws: int,
    known: Sequence[Cell] = (),
    on_progress: OnProgress = lambda phase, done, total, left: None,
    on_cell: Callable[[Cell], None] = lambda cell: None,
    should_stop: ShouldStop = lambda: False,
) -> dict[str, Any] | None:
    """The transfer gap of every language that has enough labels.

    Args:
        rows: labeled rows.
        base: a base model's name, or a model folder.
        n_draws: how often a language's own labels are drawn.
        known: cells from before, which are not measured again.
        on_progress: called with what is done now, work done, all work, and seconds left if they are known.
        on_cell: called with each cell as soon as it is measured.
        should_stop: asked often.

    Returns:
        {"languages": see `transfer_gap_scores.sum_up`, with "unknown" (share of what the texts are made of that the
        base does not know), "refused": why a language was left out, by its code}; None if it was asked to stop.

    Raises:
        DataError: if no language has enough labels.
        ModelError: if the base model is not there or damaged.
    """
    targets, refused = find_targets(rows)
    if not targets:
        reasons = "; ".join(refused.values()) or "the language of no row is known"
        raise DataError(
            f"No language has labels enough to measure ({reasons})",
            todo="Label more rows, or import a file with labels in two languages",
        )
    on_progress("Reading the texts", 0, 0, None)
    heads, unknown = _heads(rows, base, targets)
    plans = [(target, kind, n) for target in targets for kind, n in plan_cells(target, heads.knows_classes)]
    found = {(cell["language"], cell["kind"], cell["n_own"]): cell for cell in known}
    clock, done, total = Clock(), 0, sum(_WORK[kind] for _, kind, _ in plans)
    for target, kind, n in plans:
        done += _WORK[kind]
        if (target.language, kind, n) in found:
            continue
        before = done - _WORK[kind]
        on_progress(_phase(target, kind, n), before, total, clock.seconds_left(before, total))
        cell = _measure_cell(rows, target, heads, kind, n, n_draws=n_draws, should_stop=should_stop)
        if cell is None:
            return None
        found[target.language, kind, n] = cell
        on_cell(cell)
    on_progress("Summing up", total, total, 0.0)
    told = []
    for target in targets:
        cells = [found[target.language, kind, n] for of, kind, n in plans if of is target]
        told.append({**sum_up(rows, target, cells), "unknown": unknown[target.language]})
    return {"languages": told[::-1], "refused": refused}


def own_sizes(n_pool: int) -> list[int]:
    """The numbers of a language's own labels that can be tried with so many to draw from."""
    sizes = [n for n in OWN if n <= n_pool]
    if len(sizes) < len(OWN) and n_pool >= _FEWEST_OWN and n_pool > 1.2 * max(sizes, default=0):
        sizes.append(n_pool)
    return sizes


def plan_cells(target: Target, base_knows: bool) -> Iterator[tuple[str, int]]:
    """What is measured for a language: kinds of models, and how many labels of its own each learns from."""
    sizes = own_sizes(len(target.pool))
    if len(target.source) or base_knows:
        yield TRANSFER, 0
    for n in sizes:
        yield TRANSFER, n
    whole = {len(target.pool)} if len(target.pool) <= max(_TFIDF_ALSO) else set()
    also = [n for n in _TFIDF_ALSO if n < len(target.pool)]
    for n in sorted({*sizes, *also, *whole}):
        yield TFIDF, n
    for n in sizes:
        yield SCRATCH_CNN, n


def _phase(target: Target, kind: str, n: int) -> str:
    from sentiment.data import language_name

    name = language_name(target.language)
    how = {TRANSFER: "The base model", TFIDF: "TF-IDF from nothing", SCRATCH_CNN: "A network from nothing"}[kind]
    return f"{name}: {how[0].lower() + how[1:] if kind == TRANSFER else how}, {n or 'no'} {name} labels"


def _heads(rows: GapRows, base: str, targets: Sequence[Target]) -> tuple[QuickHead, dict[str, float]]:
    """Heads over the vectors of all rows that take part, and what share of each language's texts is unknown."""
    from sentiment.models.predictor import model_folder
    from sentiment.models.store import load_model
    from sentiment.models.tokenizer import encode, unknown_share
    from sentiment.training.base_hash import hash_of_base
    from sentiment.training.encode_texts import NetworkEncoding

    encoding = NetworkEncoding(load_model(model_folder(base)), hash_of_base(base))
    needed = np.unique(np.concatenate([part for target in targets for part in _parts(target)]))
    vectors = np.zeros((len(rows.texts), encoding.hidden), np.float32)
    done = 0
    for block in encoding.blocks(rows.of(needed)):
        vectors[needed[done : done + len(block)]] = block
        done += len(block)
    of_all = TextVectors(vectors, np.arange(len(vectors)), encoding.base_hash, encoding.head, tuple(encoding.classes))
    model = encoding.model
    unknown = {
        target.language: unknown_share(
            model.tokenizer, encode(model.tokenizer, rows.of(target.test), max_length=model.max_length)
        )
        for target in targets
    }
    return QuickHead(of_all, rows.classes), unknown


def _parts(target: Target) -> tuple[Positions, ...]:
    return target.test, target.validation, target.pool, target.source, target.source_validation


def _measure_cell(
    rows: GapRows,
    target: Target,
    heads: QuickHead,
    kind: str,
    n: int,
    *,
    n_draws: int,
    should_stop: ShouldStop,
) -> Cell | None:
    whole = n in (0, len(target.pool))  # there is but one way to draw none, or all
    seeds = range(1 if whole and kind != SCRATCH_CNN else n_draws)
    draws = [draw_labels(rows, target.pool, n, seed=seed) for seed in seeds]
    if kind == TRANSFER:
        ways = fit_transfer(rows, target, heads, draws=draws, should_stop=should_stop)
    else:
        ways = _fit_from_nothing(rows, target, kind, draws, should_stop=should_stop)
    if ways is None:
        return None
    return {
        "language": target.language,
        "kind": kind,
        "n_own": n,
        "chosen": ways.chosen,
        "chosen_on": ways.chosen_on,
        "n_chosen_on": ways.n_chosen_on,
        "said": ways.said.tolist(),
    }


def _fit_from_nothing(
    rows: GapRows, target: Target, kind: str, draws: Sequence[Positions], *, should_stop: ShouldStop
) -> Ways | None:
    said: list[NDArray[np.int64]] = []
    for seed, own in enumerate(draws[:_SCRATCH_DRAWS] if kind == SCRATCH_CNN else draws):
        if should_stop():
            return None
        one = (
            fit_tfidf(rows, target, own)
            if kind == TFIDF
            else fit_scratch(rows, target, own, seed=seed, should_stop=should_stop)
        )
        if one is None:
            return None
        said.append(one)
    chooses = len(target.validation) if kind == SCRATCH_CNN else 0
    return Ways("the best epoch" if chooses else "", "own" if chooses else "none", chooses, np.stack(said))
