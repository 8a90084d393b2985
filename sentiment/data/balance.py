"""How the rows are spread over the classes, and what that means for training; how long the texts are."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sentiment.data.duplicates import as_arrow
from sentiment.numbers import number, percent

QUANTILES = {"p5": 0.05, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95}


def count_classes(labels: Iterable[str | None], *, classes: Sequence[str]) -> pd.DataFrame:
    """Rows per class, in the order of `classes`.

    Returns:
        Columns class, count, share (of the rows with one of these labels; sums to 1, or 0 where there are none).
    """
    counts = pd.Series(labels if isinstance(labels, pd.Series) else list(labels), dtype="str").value_counts()
    found = counts.reindex(list(classes), fill_value=0).to_numpy(dtype="int64")
    total = int(found.sum())
    share = found / total if total else np.zeros(len(found))
    return pd.DataFrame({"class": pd.array(list(classes), dtype="str"), "count": found, "share": share})


def imbalance_ratio(counts: pd.DataFrame | Iterable[int]) -> float:
    """How many times larger the largest class is than the smallest that has rows; NaN with fewer than two."""
    values = counts["count"] if isinstance(counts, pd.DataFrame) else counts
    present = [int(value) for value in values if value > 0]
    return max(present) / min(present) if len(present) > 1 else float("nan")


def describe_balance(counts: pd.DataFrame) -> str:
    """What the class counts mean for training, in words. `counts` as `count_classes` returns it."""
    present = counts[counts["count"] > 0].sort_values("count", kind="stable")
    if present.empty:
        return "No row has a label yet, so there is nothing to balance and nothing to train on."
    if len(present) == 1:
        return f"Every label is “{present['class'].iloc[0]}”. A model needs at least two classes to tell apart."
    smallest, largest = present.iloc[0], present.iloc[-1]
    ratio = imbalance_ratio(counts)
    times = number(ratio) if ratio >= 10 else f"{ratio:.1f}"
    if ratio < 1.5:
        opening = "The classes are balanced. Training needs no remedy."
    elif ratio < 3:
        opening = (
            f"“{smallest['class']}” is {times} times rarer than “{largest['class']}”: a mild imbalance. "
            "Training works as it is; judge each class, not the accuracy alone."
        )
    else:
        strength = "a clear" if ratio < 10 else "a strong"
        opening = (
            f"“{smallest['class']}” is {times} times rarer than “{largest['class']}”: {strength} imbalance. "
            f"Left alone, a model leans towards “{largest['class']}”: always saying that is right on "
            f"{percent(largest['share'])} of the rows. Class weights or oversampling counter that; macro-F1 shows "
            "whether they do."
        )
    if smallest["count"] < 50:
        opening += (
            f" With {number(smallest['count'])} rows, “{smallest['class']}” has too few for its figures to mean much."
        )
    return opening


def measure_lengths(texts: Iterable[str | None], *, unit: str = "words") -> NDArray[np.int32]:
    """The length of each text, int32[n], in "words" (runs between white space) or "characters" (white space aside)."""
    array = pc.utf8_trim_whitespace(pc.fill_null(as_arrow(texts), ""))
    parts = []
    for start in range(0, len(array), 200_000):  # blocks: the split words of a million texts would not be small
        block = array.slice(start, 200_000)
        if unit == "characters":
            parts.append(pc.subtract(pc.utf8_length(block), pc.count_substring_regex(block, r"[\p{Z}\s]")))
        else:
            parts.append(pc.list_value_length(pc.utf8_split_whitespace(block)))
    lengths = pa.chunked_array([pc.cast(part, pa.int32()) for part in parts], pa.int32())
    return np.where(np.asarray(pc.equal(array, "")), 0, np.asarray(lengths)).astype(np.int32)


def length_table(
    texts: Iterable[str | None], labels: Iterable[str | None], *, classes: Sequence[str], unit: str = "words"
) -> pd.DataFrame:
    """Lengths of texts per class.

    Args:
        texts: the texts, or their lengths as `measure_lengths` gives them (a dataset's "length" column: much faster).
        labels: one per text; rows without one of `classes` are left out.
        classes: in the order of the rows wanted.
        unit: what texts are measured in.

    Returns:
        Columns class, n, p5, q1, median, q3, p95: a row per class (NaN where it has none).
    """
    rows = []
    for name, lengths in _lengths_per_class(texts, labels, classes=classes, unit=unit):
        spread = np.quantile(lengths, list(QUANTILES.values())) if len(lengths) else np.full(len(QUANTILES), np.nan)
        rows.append({"class": name, "n": len(lengths), **dict(zip(QUANTILES, spread.tolist(), strict=True))})
    return pd.DataFrame(rows, columns=["class", "n", *QUANTILES]).astype({"class": "str", "n": "int64"})


def length_histogram(
    texts: Iterable[str | None],
    labels: Iterable[str | None],
    *,
    classes: Sequence[str],
    unit: str = "words",
    bins: int = 30,
) -> pd.DataFrame:
    """Histogram of text lengths per class, over bins shared by all classes (arguments as in `length_table`).

    The last bin reaches to the longest text, so that a few very long ones do not flatten the rest.

    Returns:
        Columns class, start (included), stop (excluded), count, share (of the rows of the class; sums to 1).
    """
    groups = list(_lengths_per_class(texts, labels, classes=classes, unit=unit))
    everything = np.concatenate([lengths for _, lengths in groups]) if groups else np.empty(0, np.int32)
    if not len(everything):
        return pd.DataFrame(columns=["class", "start", "stop", "count", "share"]).astype({"class": "str"})
    top = int(np.quantile(everything, 0.99)) + 1
    step = max(1, -(-top // bins))
    edges = np.arange(0, top + step, step)
    edges[-1] = max(edges[-1], int(everything.max()) + 1)
    parts = []
    for name, lengths in groups:
        counts = np.histogram(lengths, edges)[0]
        share = counts / max(len(lengths), 1)
        parts.append(
            pd.DataFrame({"class": name, "start": edges[:-1], "stop": edges[1:], "count": counts, "share": share})
        )
    return pd.concat(parts, ignore_index=True).astype({"class": "str"})


def _lengths_per_class(
    texts: Iterable[str | None], labels: Iterable[str | None], *, classes: Sequence[str], unit: str
) -> Iterable[tuple[str, NDArray[np.int32]]]:
    numeric = isinstance(texts, pd.Series | np.ndarray) and pd.api.types.is_integer_dtype(texts.dtype)
    lengths = np.asarray(texts, dtype=np.int32) if numeric else measure_lengths(texts, unit=unit)
    codes = np.asarray(pd.Categorical(as_arrow(labels).to_pandas(), categories=list(classes)).codes)
    return [(name, lengths[codes == position]) for position, name in enumerate(classes)]
