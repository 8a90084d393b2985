"""How much several models gain or lose, class by class, against one of them."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme
from sentiment.numbers import points, signed

MACRO = "macro avg"
_TITLES = {"f1-score": "F1", "recall": "Recall", "precision": "Precision"}


def plot_deltas(
    table: pd.DataFrame,
    colours: Mapping[str, str],
    *,
    against: str,
    metric: str = "f1-score",
    dark: bool | None = None,
) -> go.Figure:
    """A lane per model: the mean of the classes as a large point, each class as a small one, with 95 % intervals.

    Args:
        table: columns name, class (and "macro avg"), metric, value, delta, low, high, all shares in [0, 1].
        colours: a colour "#RRGGBB" for each class.
        against: the model that the others are compared with; it has no lane.
        metric: "f1-score", "recall" or "precision".
        dark: whether the page is dark (see `theme`).
    """
    part = table[(table["metric"] == metric) & (table["name"] != against)]
    overall = part[part["class"] == MACRO].sort_values("delta", ascending=False, kind="stable")
    lanes = {str(name): lane for lane, name in enumerate(overall["name"])}
    classes = [str(name) for name in part["class"].drop_duplicates() if name != MACRO]
    step = 0.62 / (len(classes) + 1)
    figure = go.Figure([_points(part, MACRO, lanes, offset=0.0, colour=theme.accent(dark), size=13)])
    for index, name in enumerate(classes):
        colour = colours.get(name, theme.INK)
        offset = step * (index + 1)
        figure.add_trace(_points(part, name, lanes, offset=offset, colour=colour, size=8))
    figure.add_vline(x=0, line={"color": theme.INK, "width": 1})
    low, high = min(0.0, float(part["low"].min())), max(0.0, float(part["high"].max()))
    room = max(0.02, 0.05 * (high - low))
    heads = [f"<b>{label}</b>" for label in theme.short_names(list(lanes), 30)]
    figure.add_trace(
        theme.labels_trace(
            [low - room] * len(lanes), [y - 0.24 for y in lanes.values()], heads, textposition="middle right"
        )
    )
    places, words = _ticks(low, high)
    figure.update_xaxes(range=[low - room, high + room], tickvals=places, ticktext=words, showgrid=True, side="top")
    figure.update_yaxes(range=[len(lanes) - 0.2, -0.5], visible=False)
    title = _title(overall, against=against, metric=metric)
    theme.finish(figure, title=title, height=130 + (38 + 14 * len(classes)) * len(lanes), dark=dark)
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.02, "yref": "paper", "yanchor": "top"}
    figure.update_layout(showlegend=True, legend={**legend, "itemclick": False, "itemdoubleclick": False})
    return figure


def _points(
    part: pd.DataFrame, name: str, lanes: Mapping[str, int], *, offset: float, colour: str, size: int
) -> go.Scatter:
    rows = part[part["class"] == name].set_index("name").loc[list(lanes)]
    title = "Mean of the classes" if name == MACRO else name
    return go.Scatter(
        x=rows["delta"].tolist(),
        y=[lane + offset for lane in lanes.values()],
        mode="markers",
        name=theme.literal(theme.shorten(title, 24)),
        marker={"size": size, "color": colour},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (rows["high"] - rows["delta"]).clip(lower=0).tolist(),
            "arrayminus": (rows["delta"] - rows["low"]).clip(lower=0).tolist(),
            "width": 0,
            "thickness": 4 if size > 10 else 2,
            "color": theme.see_through(theme.INK, 0.55),
        },
        hovertext=[
            theme.hover(
                str(model),
                f"{title}: {theme.percent(value)}, {points(delta)} ({points(low)} to {points(high)})",
            )
            for model, value, delta, low, high in rows[["value", "delta", "low", "high"]].itertuples()
        ],
        hoverinfo="text",
        cliponaxis=False,
    )


def _ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """Up to seven round places on the axis, and what stands there, in points."""
    span = 100 * (high - low)
    step = next((step for step in (1, 2, 5, 10, 20) if span <= 6 * step), 50)
    places = list(range(math.ceil(100 * low / step) * step, math.floor(100 * high / step) * step + 1, step))
    words = [signed(place, digits=0) for place in places]
    words[-1] += " points" if places[-1] else ""
    return [place / 100 for place in places], words


def _title(overall: pd.DataFrame, *, against: str, metric: str) -> str:
    names: Sequence[str] = overall["name"].tolist()
    what, whom = _TITLES[metric], theme.shorten(against, 24)
    if not len(names):
        return f"{what} against “{whom}”"
    who, delta = theme.shorten(names[0], 24), float(overall["delta"].iloc[0])
    chance = ", which may be chance" if overall["low"].iloc[0] <= 0 <= overall["high"].iloc[0] else ""
    if len(names) == 1:
        way = "above" if delta > 0 else "below"
        return f"{what} of “{who}” is {100 * abs(delta):.1f} points {way} “{whom}”{chance}"
    return f"{what} against “{whom}”: " + (f"“{who}” gains most{chance}" if delta > 0 else "none gains")
