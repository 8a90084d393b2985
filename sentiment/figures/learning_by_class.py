"""What more labels would bring: macro-F1 further along, and what twice as many labels of each class add."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from sentiment.figures import theme
from sentiment.numbers import points


def plot_growth(curve: Mapping[str, Any], *, title: str, dark: bool | None = None) -> go.Figure:
    """A score against the number of labels with its 95 % interval as a band; what is foreseen is dashed.

    Args:
        curve: sizes (numbers of labels, ascending), values ((value, low, high) in [0, 1] at each) and n_measured (how
            many of them were measured).
        title: what is to be seen.
        dark: whether the page is dark (see `theme`).
    """
    colour, sizes, values = theme.accent(dark), list(curve["sizes"]), list(curve["values"])
    n_measured = int(curve["n_measured"])
    figure = go.Figure()
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(x=sizes, y=[low for _, low, _ in values], **edge))
    band = theme.see_through(colour, 0.16)
    figure.add_trace(go.Scatter(x=sizes, y=[high for *_, high in values], fill="tonexty", fillcolor=band, **edge))
    for part, dash, symbol in (
        (slice(n_measured - 1, None), "dash", "circle-open"),
        (slice(0, n_measured), "solid", "circle"),
    ):
        how = "foreseen" if dash == "dash" else "measured"
        figure.add_trace(
            go.Scatter(
                x=sizes[part],
                y=[value for value, *_ in values[part]],
                mode="lines+markers",
                line={"color": colour, "width": 2.5, "dash": dash},
                marker={"size": 9, "symbol": symbol},
                hovertext=[
                    theme.hover(f"{theme.number(n)} labels: {_share(value)} ({_share(low)} to {_share(high)}), {how}")
                    for n, (value, low, high) in zip(sizes[part], values[part], strict=True)
                ],
                hoverinfo="text",
            )
        )
    figure.update_xaxes(
        type="log", tickvals=sizes, ticktext=[theme.number(n) for n in sizes], title={"text": "labels", "standoff": 6}
    )
    figure.update_yaxes(tickformat=".0%", nticks=5, showgrid=True)
    return theme.finish(figure, title=title, height=320, dark=dark)


def plot_class_gains(
    names: Sequence[str],
    gains: Sequence[tuple[float, float, float]],
    colours: Mapping[str, str],
    *,
    title: str,
    dark: bool | None = None,
) -> go.Figure:
    """A lane per class: by how many points its F1 would rise with twice as many of its labels, with 95 % intervals.

    Args:
        names: the classes, the first on top.
        gains: (value, low, high) of each, as differences of shares.
        colours: a colour "#RRGGBB" for each class.
        title: what is to be seen.
        dark: whether the page is dark (see `theme`).
    """
    lanes = list(range(len(names)))
    middle = [100 * value for value, *_ in gains]
    figure = go.Figure(
        go.Scatter(
            x=middle,
            y=lanes,
            mode="markers",
            marker={"size": 13, "color": [colours.get(name, theme.INK) for name in names]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [100 * (high - value) for value, _, high in gains],
                "arrayminus": [100 * (value - low) for value, low, _ in gains],
                "width": 0,
                "thickness": 4,
                "color": theme.see_through(theme.INK, 0.55),
            },
            hovertext=[
                theme.hover(name, f"{points(value)} points of F1 ({points(low)} to {points(high)})")
                for name, (value, low, high) in zip(names, gains, strict=True)
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    heads = [
        f"<b>{label}</b>  {points(value)}"
        for label, (value, *_) in zip(theme.short_names(names, 24), gains, strict=True)
    ]
    places = [lane - 0.3 for lane in lanes]
    most = max([1.0, *(100 * high for *_, high in gains)])
    least = min([0.0, *(100 * low for _, low, _ in gains)])
    room = 0.04 * (most - least)
    figure.add_vline(x=0, line={"color": theme.INK, "width": 1})
    figure.add_trace(theme.labels_trace([least - room] * len(lanes), places, heads, textposition="middle right"))
    figure.update_xaxes(range=[least - room, most + room], showgrid=True, nticks=6, title={"text": "points of F1"})
    figure.update_yaxes(range=[len(lanes) - 0.5, -0.6], visible=False)
    return theme.finish(figure, title=title, height=120 + 56 * len(lanes), dark=dark)


def _share(value: float) -> str:
    return f"{100 * value:.1f}{theme.THIN}%"
