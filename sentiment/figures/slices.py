"""Where a model is better or worse than on the rest."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme


def plot_slices(table: pd.DataFrame, *, overall: float, title: str, dark: bool | None = None) -> go.Figure:
    """A lane per slice: the share of right rows with its 95 % interval, beside that of all rows as a line.

    A click on a point selects it: `event.selection.points[0]["customdata"][0]` is the slice's place in the table.

    Args:
        table: columns title, n, share, low, high (in [0, 1]; nan where there are too few rows), rest, finding ("worse",
            "better", "can't tell" or "too few").
        overall: the share of all rows that are right.
        title: what is seen, as plain text.
        dark: whether the page is dark (see `theme`).
    """
    lanes = range(len(table))
    known = [lane for lane in lanes if table["share"].iloc[lane] == table["share"].iloc[lane]]
    part = table.iloc[known]
    ink = {"worse": theme.accent(dark), "better": theme.accent(dark)}
    figure = go.Figure(
        go.Scatter(
            x=part["share"].tolist(),
            y=known,
            mode="markers",
            marker={
                "size": 12,
                "color": [ink.get(finding, theme.INK) for finding in part["finding"]],
                "symbol": ["circle" if finding in ink else "circle-open" for finding in part["finding"]],
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": (part["high"] - part["share"]).clip(lower=0).tolist(),
                "arrayminus": (part["share"] - part["low"]).clip(lower=0).tolist(),
                "width": 0,
                "thickness": 3,
                "color": theme.see_through(theme.INK, 0.5),
            },
            customdata=[[lane] for lane in known],
            hovertext=[_hover(line) for line in part.to_dict("records")],
            hoverinfo="text",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
            cliponaxis=False,
        )
    )
    figure.add_vline(x=overall, line={"color": theme.INK, "width": 1, "dash": "dot"})
    names = theme.short_names([str(value) for value in table["title"]], 30)
    figure.add_trace(
        theme.labels_trace(
            [0.0] * len(table),
            [lane - 0.32 for lane in lanes],
            [f"<b>{name}</b>  {_note(line)}" for name, line in zip(names, table.to_dict("records"), strict=True)],
            textposition="middle right",
        )
    )
    figure.update_xaxes(range=[-0.03, 1.03], tickformat=".0%", dtick=0.25, showgrid=True, side="top")
    figure.update_yaxes(range=[len(table) - 0.5, -0.7], visible=False)
    return theme.finish(figure, title=title, height=80 + 50 * max(len(table), 1), dark=dark)


def _note(line: Mapping[Hashable, Any]) -> str:
    rows = f"{theme.number(line['n'])} rows"
    share = float(line["share"])
    if share != share:
        return f"too few rows ({theme.number(line['n'])})"
    return f"{theme.percent(share)} · {rows}"


def _hover(line: Mapping[Hashable, Any]) -> str:
    share, low, high, rest = (theme.percent(float(line[name])) for name in ("share", "low", "high", "rest"))
    said = {"worse": "surely worse than the rest", "better": "surely better than the rest"}
    return theme.hover(
        str(line["title"]),
        f"{share} right ({low} to {high}) of {theme.number(line['n'])} rows, elsewhere {rest}",
        said.get(str(line["finding"]), "the rows can't tell whether it differs from the rest"),
    )
