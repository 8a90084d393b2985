"""What a model listens to, over many texts: influential words, filters, and what fine-tuning changed."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.errors import RunError
from sentiment.evaluation.explanation import share_out
from sentiment.evaluation.explanation_words import Span, find_words, merge_spans, sum_by_span
from sentiment.models import registry
from sentiment.models.attribution import attribute
from sentiment.models.baselines import LinearModel
from sentiment.models.filters import Filter, read_filters
from sentiment.models.linear_attribution import attribute_linear
from sentiment.models.predictor import Predictor, load_predictor
from sentiment.training.matches import match_classes
from sentiment.training.runs import Run

MOST_TEXTS = 300
MIN_SUPPORT = 3  # occurrences of a word below which nothing is said of it
_STEPS = 8  # a mean over many texts needs fewer points than a single one
_PRIOR = 4  # occurrences as varied as all words' that a word's own are added to
_SURE = 1.645  # standard errors: one-sided 95 %


@dataclass(frozen=True)
class Before:
    """What the base model makes of the same words.

    Attributes:
        title: of the base model.
        classes: the base model's class for each class of the run that it has too.
        missing: classes of the run that the base model does not know.
        agreement: share of the texts of which both say the same, in [0, 1]; None where not all classes match.
        movers: columns class, word, n, before, after, change (log-odds), se; the surest changes first.
    """

    title: str
    classes: dict[str, str]
    missing: tuple[str, ...]
    agreement: float | None
    movers: pd.DataFrame


def held_out_texts(run: Run, *, most: int = MOST_TEXTS, seed: int = 0) -> list[str]:
    """Texts that a run has not learned from, drawn where there are more than `most`.

    Raises:
        RunError: if the run has none yet.
    """
    rows = run.predictions()
    if rows is None or not len(rows):
        raise RunError("This run has no held-out rows yet", todo="Wait until it has finished, or resume it")
    texts: list[str] = rows["text"].tolist()
    if len(texts) <= most:
        return texts
    return [texts[row] for row in np.sort(np.random.default_rng(seed).choice(len(texts), most, replace=False))]


def word_influence(model: Predictor | LinearModel, texts: Sequence[str]) -> pd.DataFrame:
    """How much each word speaks for each class, over many texts.

    Returns:
        Columns class, word (lower case), n (occurrences, at least 3), mean (log-odds, over the occurrences), se (its
        standard error), low (mean less 1.645 of these: surely more than this in 95 of 100 cases); by class, the
        largest `low` first.
    """
    classes = model.classes
    if len(classes) < 2:
        return _summed([], "")
    asked = range(1, 2) if len(classes) == 2 else range(len(classes))  # of two, one is the other's opposite
    found = {code: _scores(model, texts, code) for code in asked}
    if len(classes) == 2:
        found[0] = [(words, -scores) for words, scores in found[1]]
    return pd.concat([_summed(found[code], name) for code, name in enumerate(classes)], ignore_index=True)


def filters_of(model: Predictor | LinearModel, texts: Sequence[str]) -> dict[str, list[Filter]] | None:
    """For each class the filters that speak for it most; None for a model without filters."""
    return read_filters(model, texts) if isinstance(model, Predictor) else None


def before_tuning(run: Run, model: Predictor | LinearModel, texts: Sequence[str], now: pd.DataFrame) -> Before | None:
    """What the base model made of the same words; None where a run began with nothing, or with no class of its own.

    Args:
        run: the run.
        model: its model.
        texts: those of `now`.
        now: what `word_influence` gives for the run's model.

    Raises:
        ModelError: if the base model is not there any more.
    """
    base = run.info.config.base
    if base in (registry.SCRATCH, registry.SCRATCH_RNN, *registry.BASELINES):
        return None
    origin = load_predictor(base)
    matches = match_classes(model.classes, origin.classes)
    names = {model.classes[own]: origin.classes[other] for own, other in matches.items()}
    then = word_influence(origin, texts)
    then = then[then["class"].isin(names.values())]
    then = then.assign(**{"class": then["class"].map({theirs: own for own, theirs in names.items()})})
    both = now.merge(then, on=["class", "word"], suffixes=("", "_then"))
    movers = pd.DataFrame(
        {
            "class": both["class"],
            "word": both["word"],
            "n": both["n"],
            "before": both["mean_then"],
            "after": both["mean"],
            "change": both["mean"] - both["mean_then"],
            "se": np.hypot(both["se"], both["se_then"]),
        }
    )
    surest = (movers["change"].abs() - _SURE * movers["se"]).sort_values(ascending=False, kind="stable").index
    missing = tuple(name for name in model.classes if name not in names)
    return Before(_title(base), names, missing, _agreement(model, origin, texts, matches), movers.loc[surest])


def _agreement(
    model: Predictor | LinearModel, origin: Predictor | LinearModel, texts: Sequence[str], matches: dict[int, int]
) -> float | None:
    if len(matches) < max(len(model.classes), len(origin.classes)):
        return None
    to_own = {other: own for own, other in matches.items()}
    said = [to_own[code] for code in origin(texts).argmax(axis=1).tolist()]
    return float((np.array(said) == model(texts).argmax(axis=1)).mean())


def _title(base: str) -> str:
    known = {found.name: found.title for found in registry.list_bases()}
    return known.get(base) or base.rstrip("/").rsplit("/", 1)[-1]


Scored = list[tuple[list[str], NDArray[np.float64]]]


def _scores(model: Predictor | LinearModel, texts: Sequence[str], target: int) -> Scored:
    """The words of each text and how much each speaks for a class."""
    found: Scored = []
    if isinstance(model, Predictor):
        for text, tokens in zip(texts, attribute(model, texts, [target] * len(texts), steps=_STEPS), strict=True):
            spans = merge_spans(find_words(text), tokens.spans)
            found.append((_names(text, spans), sum_by_span(spans, tokens.spans, tokens.scores)))
        return found
    for text in texts:
        spans, pieces = find_words(text), attribute_linear(model, text, target)
        scores = share_out(spans, pieces.spans, pieces.scores, by_word=pieces.by_word)
        found.append((_names(text, spans), scores))
    return found


def _names(text: str, spans: Sequence[Span]) -> list[str]:
    return [unicodedata.normalize("NFKC", text[start:end]).lower().replace("’", "'") for start, end in spans]


def _summed(found: Scored, name: str) -> pd.DataFrame:
    """The means of the words of a class."""
    words = [word for words, _ in found for word in words]
    scores = np.concatenate([np.zeros(0), *(scores for _, scores in found)])
    telling = [any(c.isalnum() or unicodedata.category(c) == "So" for c in word) for word in words]
    frame = pd.DataFrame({"word": pd.Series(words, dtype="str"), "score": scores})[np.array(telling, bool)]
    groups = frame.groupby("word")["score"].agg(["size", "mean", "var"]).fillna(0.0)
    common = float(frame["score"].var()) if len(frame) > 1 else 0.0
    spread = ((groups["size"] - 1) * groups["var"] + _PRIOR * common) / (groups["size"] - 1 + _PRIOR)
    table = pd.DataFrame(
        {
            "class": name,
            "word": groups.index.astype("str"),
            "n": groups["size"].to_numpy(),
            "mean": groups["mean"].to_numpy(),
            "se": np.sqrt((spread / groups["size"]).to_numpy()),
        }
    )
    table["low"] = table["mean"] - _SURE * table["se"]
    return table[table["n"] >= MIN_SUPPORT].sort_values("low", ascending=False, ignore_index=True)
