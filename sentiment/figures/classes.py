"""Rows per class, and how long their texts are."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme
from sentiment.palette import ACCENT

MOST_CLASSES = 30  # bars; smaller classes beyond them are one line of text
_LANE, _RIDGE = 46, 84  # pixels of a class's lane; less where there are many


def plot_class_counts(counts: pd.DataFrame, colours: Mapping[str, str], *, dark: bool | None = None) -> go.Figure:
    """A bar per class with its name, rows and share; a click on a class's lane selects it.

    With `on_select="rerun"`, `event.selection.points[0]["customdata"][0]` is the class. The whole lane can be
    clicked, however short its bar.

    Args:
        counts: columns class, count, share (in [0, 1]), in the order to draw, from the top.
        colours: a colour "#RRGGBB" for each class.
        dark: whether the page is dark; None leaves the text colours to the page (see `theme`).
    """
    shown = counts
    if len(counts) > MOST_CLASSES:
        largest = counts["count"].nlargest(MOST_CLASSES - 1).index
        shown = counts[counts.index.isin(largest)]
    names = shown["class"].astype(str).tolist()
    rows, shares = shown["count"].to_numpy(float), shown["share"].to_numpy(float)
    labels = [
        f"<b>{label}</b>  {theme.number(n)} · {theme.percent(share)}"
        for label, n, share in zip(theme.short_names(names, 26), rows, shares, strict=True)
    ]
    lanes = np.arange(len(names), dtype=float)
    longest = max(float(rows.max(initial=0)), 1.0)
    figure = go.Figure(
        [
            _bars(lanes, rows, [colours.get(name, theme.INK) for name in names]),
            _targets(lanes, longest, shown, names),
            theme.labels_trace([0.0] * len(names), (lanes - 0.18).tolist(), labels, textposition="middle right"),
        ]
    )
    left_out = len(counts) - len(shown)
    if left_out:
        rest = f"and {theme.number(left_out)} smaller classes, {theme.number(counts['count'].sum() - rows.sum())} rows"
        figure.add_trace(theme.labels_trace([0], [len(names) - 0.1], [rest], textposition="middle right"))
    lowest = len(names) - 0.5 + (0.7 if left_out else 0)
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[0, longest], visible=False)
    figure.update_yaxes(range=[lowest, -0.5], visible=False)
    return theme.finish(
        figure,
        title=_imbalance(counts),
        height=60 + int((_LANE if len(names) <= 10 else 38) * (lowest + 0.5)),
        dark=dark,
    )


def _bars(lanes: np.ndarray, rows: np.ndarray, colours: list[str]) -> go.Bar:
    return go.Bar(
        y=lanes + 0.24,
        x=rows,
        width=0.34,
        orientation="h",
        marker={"color": colours, "cornerradius": 3},
        hoverinfo="skip",
        unselected={"marker": {"opacity": 1}},
    )


def _targets(lanes: np.ndarray, longest: float, shown: pd.DataFrame, names: list[str]) -> go.Bar:
    """Invisible bars over the whole lanes, for hovering and clicking; a selected one shows."""
    said = [
        theme.hover(name, f"{theme.number(n)} rows, {theme.percent(share)}")
        for name, n, share in zip(names, shown["count"], shown["share"], strict=True)
    ]
    return go.Bar(
        y=lanes,
        x=np.full(len(names), longest),
        width=0.96,
        orientation="h",
        marker={"color": theme.see_through(ACCENT, 0.16), "opacity": 0, "cornerradius": 4},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}},
        customdata=[[name] for name in names],
        hovertext=said,
        hoverinfo="text",
    )


def _imbalance(counts: pd.DataFrame) -> str:
    """What the bars show, in words."""
    present = counts[counts["count"] > 0].sort_values("count", kind="stable")
    if present.empty:
        return "No row has a label yet"
    if len(present) == 1:
        return f"Every labeled row is {_short(present['class'].iloc[0])}"
    if len(present) < len(counts):
        absent = counts.loc[counts["count"] == 0, "class"].tolist()
        return f"No row is {_short(absent[0])}" if len(absent) == 1 else f"{len(absent)} classes have no row"
    small, large = present.iloc[0], present.iloc[-1]
    ratio = large["count"] / small["count"]
    if ratio < 1.15:
        return "The classes have about as many rows each"
    times = f"{ratio:.1f}" if ratio < 9.95 else theme.number(float(f"{ratio:.2g}"))
    name = _short(small["class"])
    return f"{name[:1].upper() + name[1:]} is {times} times rarer than {_short(large['class'])}"


def _short(name: str) -> str:
    return theme.shorten(str(name), 30)


def plot_lengths(
    histogram: pd.DataFrame, colours: Mapping[str, str], unit: str, *, dark: bool | None = None
) -> go.Figure:
    """How long the texts of each class are: a small histogram per class over one axis, each as a share of its class.

    With `on_select`, `event.selection.points[0]["customdata"]` is [class, shortest, longest], the last None for the
    open bin.

    Args:
        histogram: columns class, start, stop (of a bin; start included, stop not), count, share (of the class).
        colours: a colour for each class.
        unit: what a length counts, in the plural ("words", "characters").
        dark: whether the page is dark (see `theme`).
    """
    names = list(dict.fromkeys(histogram["class"].astype(str)))[:MOST_CLASSES]
    peak = max(float(histogram["share"].max()), 1e-9) if len(histogram) else 1.0
    figure = go.Figure()
    for lane, name in enumerate(names):
        bins = histogram[(histogram["class"].astype(str) == name) & (histogram["count"] > 0)]
        figure.add_trace(
            _ridge(bins, len(names) - 1 - lane, peak=peak, name=name, colour=colours.get(name, theme.INK), unit=unit)
        )
    left = float(histogram["start"].min()) if len(histogram) else 0.0
    figure.add_trace(
        theme.labels_trace(
            [left] * len(names),
            [len(names) - 1 - lane + 0.83 for lane in range(len(names))],
            [f"<b>{label}</b>" for label in theme.short_names(names, 26)],
            textposition="middle right",
        )
    )
    stops = histogram["stop"].replace(np.inf, np.nan)
    right = float(stops.max()) if stops.notna().any() else 1.0
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(title={"text": f"{theme.literal(unit)} per row", "standoff": 8}, tickformat=",d")
    figure.update_xaxes(range=[left, right], nticks=8, rangemode="tozero", showticklabels=True)
    figure.update_yaxes(range=[0, max(len(names), 1)], visible=False)
    return theme.finish(
        figure,
        title=_usual(histogram, unit),
        height=100 + (_RIDGE if len(names) <= 6 else 56) * max(len(names), 1),
        dark=dark,
    )


def _ridge(bins: pd.DataFrame, lane: int, *, peak: float, name: str, colour: str, unit: str) -> go.Bar:
    start, stop = bins["start"].to_numpy(float), bins["stop"].to_numpy(float)
    width = np.where(np.isfinite(stop), stop, start) - start
    width = np.where(width > 0, width, width.max(initial=1.0))
    said = [
        theme.hover(name, f"{_range(a, b)} {unit}: {theme.number(n)} rows, {theme.percent(share)} of the class")
        for a, b, n, share in zip(start, stop, bins["count"], bins["share"], strict=True)
    ]
    return go.Bar(
        x=start + width / 2,
        width=width,
        y=bins["share"].to_numpy(float) / peak * 0.68,
        base=np.full(len(bins), float(lane)),
        marker={"color": colour, "line": {"width": 0}},
        selected={"marker": {"color": ACCENT, "opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[name, int(a), None if np.isinf(b) else int(b) - 1] for a, b in zip(start, stop, strict=True)],
        hovertext=said,
        hoverinfo="text",
    )


def _range(start: float, stop: float) -> str:
    if not np.isfinite(stop):
        return f"{theme.number(start)} or more"
    return theme.number(start) if stop - start <= 1 else f"{theme.number(start)} to {theme.number(stop - 1)}"


def _usual(histogram: pd.DataFrame, unit: str) -> str:
    """The narrowest run of bins that holds at least 8 of 10 rows, in words."""
    total = float(histogram["count"].sum())
    if not total:
        return "No row has a text yet"
    bins = histogram.groupby(["start", "stop"])["count"].sum().sort_index().reset_index()
    start, stop = bins["start"].to_numpy(float), bins["stop"].to_numpy(float)
    cumulative = np.concatenate([[0.0], np.cumsum(bins["count"].to_numpy(float))]) / total
    last = np.searchsorted(cumulative[1:], cumulative[:-1] + 0.8 - 1e-9)
    able = np.flatnonzero(last < len(stop))
    first = int(min(able, key=lambda i: (stop[last[i]] - start[i], i)))
    share = cumulative[last[first] + 1] - cumulative[first]
    if share > 0.995 and last[first] - first == len(stop) - 1:
        return f"Every row has {_range(start[0], stop[-1])} {unit}"
    return f"{theme.percent(share)} of the rows have {_range(start[first], stop[last[first]])} {unit}"
