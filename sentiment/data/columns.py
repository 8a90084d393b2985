"""Which column holds the texts, which the labels, what belongs together, the language: proposed from the content."""

import re
from dataclasses import dataclass

import pandas as pd

from sentiment.data.language_column import is_language_column
from sentiment.numbers import number

_SAMPLE_ROWS = 2_000
_COUNTED_ROWS = 100_000
_MAX_LABELS = 100
_TEXT_NAMES = re.compile(
    r"(^|[\W_])(text|review|comment|content|body|message|tweet|sentence|title|description|feedback|summary|snippet)s?"
    r"($|[\W_]|text|body)|text$|评论|内容|文本|正文",
    re.IGNORECASE,
)
_LABEL_NAMES = re.compile(
    r"(^|[\W_])(label|sentiment|class|category|polarity|rating|stars?|score|target|emotion|mood|tag|opinion|y)s?($|[\W_])"
    r"|标签|情感|评分|星级|类别|étoiles|note|sterne|bewertung|estrellas|calificaci|valutazion|stelle|nota",
    re.IGNORECASE,
)
_GROUP_NAMES = re.compile(
    r"(^|[\W_])(review|article|doc|document|user|author|customer|thread|conversation|group|session|case|ticket|order"
    r"|asin|product|item|hotel|film|movie)s?($|[\W_])",
    re.IGNORECASE,
)
_LANGUAGE_NAMES = re.compile(
    r"(^|[\W_])(lang|language|locale|iso_?639\w*|idioma|langue|sprache|lingua|taal)s?($|[\W_])|语言|語言|言語",
    re.IGNORECASE,
)
_SENTIMENTS = {"positive", "negative", "neutral", "pos", "neg", "neu", "mixed", "good", "bad", "正面", "负面", "中性"}
_NOT_PROSE = re.compile(
    r"\s*(?:[-+]?[\d.,:/\\%$€£¥ eE_#+-]*|\d{4}-\d\d-\d\d[T ]?[\d:.+Z-]*|https?://\S+|[{\[].*[}\]])\s*", re.DOTALL
)


@dataclass(frozen=True)
class ColumnProposal:
    """Proposed columns, each with everything else that would do, best first.

    Attributes:
        text, label, group, language: the proposed column; None where none fits.
        text_candidates, label_candidates, group_candidates, language_candidates: columns that are offered.
        why: the reasons, in words.
    """

    text: str | None
    label: str | None
    group: str | None
    text_candidates: tuple[str, ...]
    label_candidates: tuple[str, ...]
    group_candidates: tuple[str, ...]
    why: str
    language: str | None = None
    language_candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Profile:
    name: str
    n_rows: int
    n_distinct: int
    largest_share: float
    mean_chars: float
    prose_share: float
    sentiment_share: float

    @property
    def distinct_share(self) -> float:
        return self.n_distinct / max(self.n_rows, 1)


def propose_columns(frame: pd.DataFrame) -> ColumnProposal:
    """The columns that look like text, label and group, judged by their values first and their names second.

    Numbers, dates, addresses, JSON and other nested values are never offered as text.
    """
    profiles = [_profile(frame, str(name)) for name in frame.columns]
    texts = sorted((p for p in profiles if _can_be_text(p)), key=_text_score, reverse=True)
    text = texts[0] if texts else None
    rest = [p for p in profiles if p is not text]
    labels = sorted((p for p in rest if _can_be_label(p)), key=_label_score, reverse=True)
    label = labels[0] if labels and _label_score(labels[0]) >= 1 else None
    groups = sorted((p for p in rest if p is not label and _can_be_group(p)), key=_group_score, reverse=True)
    group = groups[0] if groups and _is_group(groups[0]) else None
    named = [p.name for p in rest if p is not label and is_language_column(frame[p.name].iloc[:_COUNTED_ROWS])]
    language = next((name for name in named if _LANGUAGE_NAMES.search(name) or _spelled_out(frame[name])), None)
    return ColumnProposal(
        text=text.name if text else None,
        label=label.name if label else None,
        group=group.name if group else None,
        text_candidates=tuple(p.name for p in texts),
        label_candidates=tuple(p.name for p in labels),
        group_candidates=tuple(p.name for p in groups),
        why=_why(text, label, group) + (f" “{language}” says which language each is in." if text and language else ""),
        language=language,
        language_candidates=tuple(named),
    )


def _profile(frame: pd.DataFrame, name: str) -> _Profile:
    values = frame[name].dropna()
    if not pd.api.types.is_string_dtype(values.dtype):
        values = values.map(str)
    values = values[values.str.strip() != ""]
    step = max(1, len(values) // _SAMPLE_ROWS)
    sample = values.iloc[::step].head(_SAMPLE_ROWS).str.slice(0, 2_000).tolist()
    counted = values.iloc[:_COUNTED_ROWS]  # the first ones, not a spread: groups stand in runs
    counts = counted.value_counts(sort=False)
    size = max(len(sample), 1)
    return _Profile(
        name=name,
        n_rows=len(counted),
        n_distinct=len(counts),
        largest_share=int(counts.max()) / len(counted) if len(counted) else 0.0,
        mean_chars=sum(map(len, sample)) / size,
        prose_share=sum(_NOT_PROSE.fullmatch(value) is None for value in sample) / size,
        sentiment_share=sum(value.strip().casefold() in _SENTIMENTS for value in sample) / size,
    )


def _can_be_text(p: _Profile) -> bool:
    if p.n_rows == 0 or p.prose_share < 0.5 or p.sentiment_share > 0.5:
        return False
    varied = p.distinct_share > 0.3 or p.n_distinct > 1_000
    return p.mean_chars >= 15 or (varied and p.mean_chars >= 4) or _TEXT_NAMES.search(p.name) is not None


def _text_score(p: _Profile) -> float:
    # Chinese says in 30 characters what English says in 100: length counts by its root.
    named = 3.0 if _TEXT_NAMES.search(p.name) else 1.0
    return named * min(p.mean_chars, 400.0) ** 0.5 * p.prose_share * (0.2 + min(p.distinct_share * 2, 1.0))


def _can_be_label(p: _Profile) -> bool:
    if p.n_rows == 0 or p.mean_chars > 60:
        return False
    few = p.n_distinct <= min(_MAX_LABELS, max(2, p.n_rows // 3))
    return few or (_LABEL_NAMES.search(p.name) is not None and p.distinct_share < 0.9)


def _label_score(p: _Profile) -> float:
    named = 2.0 if re.fullmatch(r"\W*(label|sentiment|class|标签|情感)s?\W*", p.name, re.IGNORECASE) else 0.0
    named = named or (1.0 if _LABEL_NAMES.search(p.name) else 0.0)
    few = 1.0 if 2 <= p.n_distinct <= 12 else 0.0
    # Three to six values that come again and again are labels more often than anything else, whatever their name.
    recurring = 3 <= p.n_distinct <= 6 and p.distinct_share <= 0.05 and p.largest_share < 0.95
    values = 2.0 * (p.sentiment_share > 0.5) + 0.5 * recurring
    return named + values + few * (0.5 if p.prose_share < 0.5 else 0.6)


def _can_be_group(p: _Profile) -> bool:
    return p.n_rows > 0 and p.mean_chars <= 100 and p.n_distinct >= 3 and p.distinct_share <= 0.9


def _group_score(p: _Profile) -> float:
    return (1.0 if _GROUP_NAMES.search(p.name) else 0.0) + (0.5 if p.name.lower().endswith("id") else 0.0)


def _is_group(p: _Profile) -> bool:
    """Strict, since a group column that is none makes a split impossible or unfair."""
    return _group_score(p) > 0 and p.n_distinct >= 20 and p.distinct_share <= 0.75 and p.largest_share <= 0.1


def _spelled_out(values: pd.Series) -> bool:
    """Whether languages are named in full: short codes may as well be those of countries."""
    lengths = values.iloc[:_COUNTED_ROWS].dropna().astype("str").str.strip().str.len()
    return len(lengths) > 0 and float((lengths > 3).mean()) > 0.9


def _why(text: _Profile | None, label: _Profile | None, group: _Profile | None) -> str:
    if text is None:
        return (
            "No column looks like texts: each is empty, or holds numbers, dates, addresses or a few short values. "
            "Choose the column with the texts yourself, or check the delimiter."
        )
    parts = [f"“{text.name}” holds running text ({number(text.mean_chars)} characters on average)."]
    if label is not None:
        parts.append(f"“{label.name}” has {number(label.n_distinct)} different values, like labels.")
    else:
        parts.append("No column looks like labels.")
    if group is not None:
        parts.append(f"“{group.name}” says which rows belong together.")
    return " ".join(parts)
