"""The models that a transfer gap compares: heads on a base model's text vectors, and two that start from nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.data.language import WITHOUT_SPACES
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.registry import SCRATCH
from sentiment.training.config import AUTO, BALANCED, FinetuneConfig
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.languages import weigh_languages
from sentiment.training.quick import QuickHead
from sentiment.training.scores import macro_f1
from sentiment.training.simple import compared_baselines
from sentiment.training.transfer_gap_rows import GapRows, Positions, Target
from sentiment.training.transfer_gap_scores import BASE_ALONE

ShouldStop = Callable[[], bool]
# How much labels count, and what each way is called on the page. Softly, all of them count a tenth, so that the head
# stays nearer to what the base model says and to what is simple, as one that was stopped early would.
AS_THEY_ARE, BALANCED_WAY, EQUAL = "as they are", "balanced across languages", "the others as much as its own"
OWN_ALONE, SOFTLY = "its own labels alone", ", softly"
_SOFT = 0.1


@dataclass(frozen=True)
class Ways:
    """The settings that a cell is tried with, and what each says of the rows that choose and of those that judge.

    Attributes:
        chosen: the one that was best on the rows that choose.
        chosen_on: the languages of these rows: "own", "others", or "none" where there were none.
        n_chosen_on: how many rows those were.
        said: int64[n_draws, n_test], of the chosen one.
    """

    chosen: str
    chosen_on: str
    n_chosen_on: int
    said: NDArray[np.int64]


def fit_transfer(
    rows: GapRows, target: Target, heads: QuickHead, *, draws: Sequence[Positions], should_stop: ShouldStop
) -> Ways | None:
    """Heads that learned from other languages' labels and from a few of the language's own.

    Every way of weighing the one against the other is fitted to every draw; the one that is best on average on the
    rows that choose is kept.

    Args:
        rows: all rows.
        target: whose gap is measured.
        heads: over the vectors of all rows.
        draws: own labels, once for each draw; a single empty one for none.
        should_stop: asked before each fit.

    Returns:
        None if there is nothing to learn from, or it was asked to stop.
    """
    chooses, chosen_on = _choosing(target)
    tried: dict[str, list[tuple[NDArray[np.int64], float, float]]] = {}
    for way in _ways(target, heads, own=len(draws[0])):
        tried[way] = []
        for own in draws:
            if should_stop():
                return None
            head = _fit_head(rows, target, heads, own, way)
            probs = heads.predict(head, chooses)
            score, loss = _judge(rows.labels[chooses], probs) if len(chooses) else (0.0, 0.0)
            tried[way].append((heads.predict(head, target.test).argmax(axis=1).astype(np.int64), score, loss))
    if not tried:
        return None
    best = max(tried, key=lambda way: (round(_mean(tried[way], 1), 6), -_mean(tried[way], 2))) if len(chooses) else ""
    best = best or next(iter(tried))
    return Ways(best, chosen_on, len(chooses), np.stack([said for said, *_ in tried[best]]))


def _choosing(target: Target) -> tuple[Positions, str]:
    """The rows that choose, and whose they are."""
    if len(target.validation):
        return target.validation, "own"
    return target.source_validation, "others" if len(target.source_validation) else "none"


def _ways(target: Target, heads: QuickHead, *, own: int) -> list[str]:
    """What can be tried, the default first."""
    if own:
        firm = [BALANCED_WAY, AS_THEY_ARE, EQUAL, OWN_ALONE] if len(target.source) else [OWN_ALONE]
    else:
        firm = [AS_THEY_ARE] if len(target.source) else []
    return [*firm, *(way + SOFTLY for way in firm), *([BASE_ALONE] if heads.knows_classes else [])]


def _fit_head(
    rows: GapRows, target: Target, heads: QuickHead, own: Positions, way: str
) -> dict[str, NDArray[np.float32]]:
    if way == BASE_ALONE:
        return heads.untaught_head()
    firm = way.removesuffix(SOFTLY)
    positions = own if firm == OWN_ALONE else np.concatenate([target.source, own])
    labels, weights = rows.labels[positions], None
    if firm in (BALANCED_WAY, EQUAL):
        temper = {"temper": 0.0} if firm == EQUAL else {}
        weights = weigh_languages(rows.languages[positions], labels, setting=BALANCED, **temper)
    if way != firm:
        weights = np.float32(_SOFT) * (np.ones(len(positions), np.float32) if weights is None else weights)
    return heads.fit(positions, labels, row_weights=weights)


def _judge(labels: Positions, probs: NDArray[np.float32]) -> tuple[float, float]:
    """Macro-F1 and mean loss."""
    likelihood = probs[np.arange(len(labels)), labels]
    return macro_f1(labels, probs.argmax(axis=1)), float(-np.log(np.maximum(likelihood, 1e-9)).mean())


def _mean(tried: Sequence[tuple[NDArray[np.int64], float, float]], part: int) -> float:
    return float(np.mean([one[part] for one in tried]))


def fit_tfidf(rows: GapRows, target: Target, own: Positions) -> NDArray[np.int64]:
    """What TF-IDF with logistic regression says of the test rows, int64[n_test], from some labels alone.

    From labels of one class it can only say that class.
    """
    labels, n_classes = rows.labels[own], len(rows.classes)
    if len(np.unique(labels)) == 1:
        return np.full(len(target.test), labels[0], np.int64)
    plan = plan_imbalance(AUTO, labels, n_classes=n_classes)
    name = compared_baselines("", language=target.language)["tfidf"]
    model = fit_baseline(
        name, Rows(rows.of(own), labels), classes=rows.classes, spaces=target.language not in WITHOUT_SPACES
    )
    probs = model(rows.of(target.test))
    return np.asarray((np.log(np.maximum(probs, 1e-9)) - plan.log_prior).argmax(axis=1), np.int64)


def fit_scratch(
    rows: GapRows, target: Target, own: Positions, *, seed: int, should_stop: ShouldStop
) -> NDArray[np.int64] | None:
    """What a network that starts from nothing says of the test rows, int64[n_test], from some labels alone.

    The best epoch is chosen on the language's own validation rows; without any, the last one is kept.

    Returns:
        None if it was asked to stop.
    """
    from sentiment.models.classifier import apply_fn
    from sentiment.models.tokenizer import encode
    from sentiment.training.fit import Examples, Trainer
    from sentiment.training.start import Compact, load_start
    from sentiment.training.tuning import fit_settings

    config, n_classes = FinetuneConfig(base=SCRATCH, seed=seed), len(rows.classes)
    start = load_start(SCRATCH, classes=rows.classes, train_texts=rows.of(own), seed=seed)
    sides = (own, target.validation, target.test)
    tables = [encode(start.tokenizer, rows.of(side), max_length=config.max_length) for side in sides]
    compact = Compact.over(tables, start.params)
    train, validation, test = (table.mapped(compact.new_ids) for table in tables)
    trainer = Trainer(
        apply_fn(start.encoder, n_classes),
        compact.cut(start.params),
        train=Examples(train, rows.labels[own]),
        validation=Examples(validation, rows.labels[target.validation]) if len(target.validation) else None,
        plan=plan_imbalance(AUTO, rows.labels[own], n_classes=n_classes),
        settings=fit_settings(config, n_train=len(own), pretrained=False, strategy="full"),
    )
    result = trainer.run(should_stop=should_stop)
    if result.stopped == "asked":
        return None
    return trainer.predict(result.params, test).argmax(axis=1).astype(np.int64)
