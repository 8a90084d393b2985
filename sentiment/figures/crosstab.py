"""Classes against the groups of another column."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme
from sentiment.palette import ACCENT

_LANE = 46  # pixels of a group
_ENOUGH = 20  # labeled rows of a group from which on its shares are put into the title


def plot_cross(
    table: pd.DataFrame, colours: Mapping[str, str], *, shares: bool, by: str, dark: bool | None = None
) -> go.Figure:
    """A lane per group, divided into its classes; a click on a part selects it.

    With `on_select`, `event.selection.points[0]["customdata"]` is [group, class].

    Args:
        table: columns group, class, count, share, total, as `sentiment.data.crosstab.cross_classes` returns them.
        colours: a colour "#RRGGBB" for each class.
        shares: whether lanes are as long as each other, or as long as the group has rows.
        by: what the groups are of, for the title.
        dark: whether the page is dark (see `theme`).
    """
    groups = table["group"].drop_duplicates().tolist()
    lanes = {group: place for place, group in enumerate(groups)}
    totals = table.drop_duplicates("group")["total"].to_numpy(float)
    full = 1.0 if shares else max(float(totals.max(initial=1.0)), 1.0)
    figure = go.Figure()
    starts = np.zeros(len(groups))
    for name in table["class"].drop_duplicates():
        part = table[table["class"] == name]
        widths = part["share" if shares else "count"].to_numpy(float)
        places = np.array([lanes[group] for group in part["group"]], float)
        figure.add_trace(_part(part, widths, starts.copy(), places, str(name), colours.get(str(name), theme.INK)))
        starts += widths
    heads = [
        f"<b>{label}</b>  {theme.number(total)}"
        for label, total in zip(theme.short_names(groups, 30), totals, strict=True)
    ]
    above = [lane - 0.24 for lane in lanes.values()]
    figure.add_trace(theme.labels_trace([0.0] * len(groups), above, heads, textposition="middle right"))
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[0, full], visible=False)
    figure.update_yaxes(range=[max(len(groups), 1) - 0.45, -0.55], visible=False)
    theme.finish(figure, title=_title(table, by), height=110 + _LANE * max(len(groups), 1), dark=dark)
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.01, "yref": "paper", "yanchor": "top"}
    figure.update_layout(
        showlegend=True, legend={**legend, "itemclick": False, "itemdoubleclick": False, "traceorder": "normal"}
    )
    return figure


def _part(
    part: pd.DataFrame, widths: np.ndarray, starts: np.ndarray, places: np.ndarray, name: str, colour: str
) -> go.Bar:
    said = [
        theme.hover(group, f"{theme.isolated(name)}: {theme.number(count)} rows, {theme.percent(share)}")
        for group, count, share in part[["group", "count", "share"]].itertuples(index=False)
    ]
    return go.Bar(
        name=theme.literal(theme.shorten(name, 24)),
        y=places + 0.2,
        x=widths,
        base=starts,
        width=0.42,
        orientation="h",
        marker={"color": colour, "line": {"width": 0}},
        selected={"marker": {"color": ACCENT, "opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[group, name] for group in part["group"]],
        hovertext=said,
        hoverinfo="text",
    )


def _title(table: pd.DataFrame, by: str) -> str:
    """The class whose share differs most between two groups, in words."""
    what = theme.shorten(by, 30)
    enough = table[table["total"] >= _ENOUGH]
    if enough["group"].nunique() < 2:
        return f"Classes by {what}"
    shares = enough.pivot(index="group", columns="class", values="share")
    spread = shares.max() - shares.min()
    name = str(spread.idxmax())
    if spread[name] < 0.05:
        return f"The classes are spread alike over {what}"
    of_class = shares[name]
    low, high = float(of_class.min()), float(of_class.max())
    top, bottom = str(of_class.idxmax()), str(of_class.idxmin())
    short = theme.shorten(name, 24)
    return (
        f"{short[:1].upper() + short[1:]}: {theme.percent(high)} at {theme.shorten(top, 24)}, "
        f"{theme.percent(low)} at {theme.shorten(bottom, 24)}"
    )
