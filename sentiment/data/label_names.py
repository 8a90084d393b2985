"""Names of labels: spellings of one label, and ratings that stand for sentiments."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class LabelMapping:
    """Labels as they are in the file → labels to use, and why this is offered."""

    mapping: dict[str, str]
    why: str


def find_variants(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Labels that differ only by case, white space, invisible characters or full-width forms.

    Args:
        labels: every label of every row, or each once; where they repeat, the most frequent spelling wins.

    Returns:
        The spelling to keep → all spellings found, the kept one among them if it occurs. Labels with one spelling
        are left out.
    """
    counts = Counter(label for label in labels if isinstance(label, str) and label.strip())
    spellings: dict[str, list[str]] = {}
    for label in counts:
        spellings.setdefault(_key(label), []).append(label)
    return {
        _tidy(max(variants, key=lambda label: counts[label])): tuple(variants)
        for variants in spellings.values()
        if len(variants) > 1
    }


def propose_mapping(labels: Iterable[str]) -> LabelMapping | None:
    """What ratings stand for: stars from 1 to 5, -1/0/1 or 0/1 as negative, neutral, positive; None for other labels.

    All labels must belong to one such scale, and both of its ends must occur.
    """
    found = sorted({label for label in labels if isinstance(label, str) and label.strip()})
    values = {label: _rating(label) for label in found}
    if not found or any(value is None for value in values.values()):
        return None
    scale = {value for value in values.values() if value is not None}
    if scale == {0.0, 1.0}:
        names, why = {0.0: "negative", 1.0: "positive"}, "0 and 1 usually stand for negative and positive"
    elif scale in ({-1.0, 0.0, 1.0}, {-1.0, 1.0}):
        names = {-1.0: "negative", 0.0: "neutral", 1.0: "positive"}
        why = "-1, 0 and 1 usually stand for negative, neutral and positive"
    elif scale <= {1.0, 2.0, 3.0, 4.0, 5.0} and {1.0, 5.0} <= scale:
        names = {1.0: "negative", 2.0: "negative", 3.0: "neutral", 4.0: "positive", 5.0: "positive"}
        why = "1 to 5 look like stars: 1 and 2 as negative, 3 as neutral, 4 and 5 as positive"
    else:
        return None
    return LabelMapping({label: names[value] for label, value in values.items() if value is not None}, why + ".")


def apply_mapping(labels: pd.Series, mapping: dict[str, str] | None) -> pd.Series:
    """Labels renamed; those that the mapping does not name stay, a blank result means no label (missing)."""
    renamed = labels.map(lambda label: mapping.get(label, label), na_action="ignore") if mapping else labels
    return renamed.where(renamed.isna() | (renamed.str.strip() != ""))


def _key(label: str) -> str:
    folded = unicodedata.normalize("NFKC", label).casefold()
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc")) or label


def _tidy(label: str) -> str:
    normal = unicodedata.normalize("NFKC", label)
    visible = "".join(c for c in normal if c == "\u200d" or unicodedata.category(c) != "Cf")
    return " ".join(visible.split())


def _rating(label: str) -> float | None:
    text = unicodedata.normalize("NFKC", label).strip().lower()
    stars = re.fullmatch(r"[★⭐]{1,5}️?|([1-5])(?:\.0+)?\s*(?:stars?|★|星)", text)
    if stars:
        return float(stars.group(1) or len(text.rstrip("\ufe0f")))
    return float(text) if re.fullmatch(r"[+-]?\d(?:\.0+)?", text) else None
