"""What labels in other languages teach: for each language, with how many labels of its own how far a model gets."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme

_SYMBOLS = ("circle", "square-open", "diamond-open", "triangle-up-open")
_STEP, _HEAD, _GAP = 1.5, 0.8, 0.4  # heights of a line of marks, of a language's name, and of the room below it
_PIXELS = 34  # of a line
_APART = 0.2  # of a line, between marks of different series on it


def plot_gap(table: pd.DataFrame, *, main: str, title: str, dark: bool | None = None) -> go.Figure:
    """A block per language, a line in it per number of own labels, a mark per way of learning, with 95 % intervals.

    Args:
        table: columns language, step (what a line is called), series, value, low, high (in [0, 1]), hint; languages,
            steps and series in the order in which they are drawn.
        main: the series in the interface's own colour; the others are grey and told apart by their shape.
        title: what is to be seen.
        dark: whether the page is dark (see `theme`).
    """
    places, heads, height = _lay_out(table)
    series = list(dict.fromkeys(table["series"].astype(str)))
    figure = go.Figure()
    low, high = float(table["low"].min()), float(table["high"].max())
    room = 0.02 * max(high - low, 0.1)
    for index, name in enumerate(series):
        part = table[table["series"] == name]
        offset = _APART * (index - (len(series) - 1) / 2)
        colour = theme.accent(dark) if name == main else theme.INK
        lanes = [places[str(line["language"]), str(line["step"])] + offset for line in part.to_dict("records")]
        figure.add_trace(_marks(part, lanes, name=name, colour=colour, symbol=_SYMBOLS[index % len(_SYMBOLS)]))
    for (_, step), y in places.items():
        figure.add_trace(_words([low - room], [y - 0.62], theme.short_names([step], 34)))
    names = theme.short_names(list(heads), 34)
    figure.add_trace(_words([low - room] * len(heads), list(heads.values()), [f"<b>{name}</b>" for name in names]))
    figure.update_xaxes(
        range=[low - 2 * room, min(high + room, 1.02)], tickformat=".0%", nticks=6, showgrid=True, side="top"
    )
    figure.update_yaxes(range=[height, -0.3], visible=False)
    theme.finish(figure, title=title, height=round(110 + _PIXELS * height), dark=dark)
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.01, "yref": "paper", "yanchor": "top"}
    figure.update_layout(showlegend=True, legend={**legend, "itemclick": False, "itemdoubleclick": False})
    return figure


def _lay_out(table: pd.DataFrame) -> tuple[dict[tuple[str, str], float], dict[str, float], float]:
    """Where each line of marks is, where each language's name is, and where the last line ends, from the top."""
    places: dict[tuple[str, str], float] = {}
    heads: dict[str, float] = {}
    y = 0.0
    for language in dict.fromkeys(table["language"].astype(str)):
        heads[language] = y
        y += _HEAD
        for step in dict.fromkeys(table.loc[table["language"] == language, "step"].astype(str)):
            places[language, step] = y + 0.75
            y += _STEP
        y += _GAP
    return places, heads, y


def _marks(part: pd.DataFrame, y: list[float], *, name: str, colour: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=part["value"].tolist(),
        y=y,
        mode="markers",
        name=theme.literal(theme.shorten(name, 30)),
        marker={"size": 12, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (part["high"] - part["value"]).clip(lower=0).tolist(),
            "arrayminus": (part["value"] - part["low"]).clip(lower=0).tolist(),
            "width": 0,
            "thickness": 3,
            "color": theme.see_through(theme.INK, 0.5),
        },
        hovertext=[_hover(name, line) for line in part.to_dict("records")],
        hoverinfo="text",
        cliponaxis=False,
    )


def _words(x: list[float], y: list[float], text: list[str]) -> go.Scatter:
    return theme.labels_trace(x, y, text, textposition="middle right")


def _hover(name: str, line: Mapping[Hashable, Any]) -> str:
    value, low, high = (theme.percent(float(line[part])) for part in ("value", "low", "high"))
    return theme.hover(f"{line['language']}, {line['step']}", f"{name}: {value} ({low} to {high})", str(line["hint"]))
