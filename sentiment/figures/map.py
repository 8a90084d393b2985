"""Rows as points in two dimensions."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from sentiment.figures import theme

_HOVERED = 20_000  # points up to which each says what its text is
_HEIGHT = 560
_SCALE = [[0.0, "#D9D3EC"], [0.5, "#8A6FCB"], [1.0, "#2F1B66"]]  # pale to deep, one hue: reads in grey as well


def plot_map(
    places: NDArray[np.float32],
    rows: NDArray[np.int64],
    texts: Sequence[str],
    groups: Sequence[str],
    colours: Mapping[str, str],
    *,
    title: str,
    dark: bool | None = None,
) -> go.Figure:
    """A point per row in the colour of its group; points can be clicked, and picked with a box or a lasso.

    With `on_select`, each of `event.selection.points` has the row in `customdata`.

    Args:
        places: float32[n, 2].
        rows: int64[n], rows of the file.
        texts: what a point says when it is pointed at; not shown where there are more than 20,000 points.
        groups: the group of each point.
        colours: a colour "#RRGGBB" for each group, in the order of the legend; groups without one are left out.
        title: what is seen.
        dark: whether the page is dark (see `theme`).
    """
    of_point = np.asarray(groups, dtype=object)
    figure = go.Figure()
    for name, colour in colours.items():
        here = np.flatnonzero(of_point == name)
        if len(here):
            figure.add_trace(_points(places, rows, texts, here, name=name, colour=colour, n=len(rows)))
    _finish(figure, title=title, dark=dark)
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.01, "yref": "paper", "yanchor": "top"}
    figure.update_layout(showlegend=True, legend={**legend, "itemsizing": "constant"})
    return figure


def plot_map_values(
    places: NDArray[np.float32],
    rows: NDArray[np.int64],
    texts: Sequence[str],
    values: NDArray[np.float32],
    *,
    title: str,
    dark: bool | None = None,
) -> go.Figure:
    """As `plot_map`, with a shade for each value in [0, 1] in the place of groups."""
    trace = _points(places, rows, texts, np.arange(len(rows)), name="", colour=theme.INK, n=len(rows))
    scale = _SCALE if not dark else [[0.0, "#3A2F5E"], [0.5, "#8A6FCB"], [1.0, "#EFEAFA"]]
    bar = {"title": "", "tickformat": ".0%", "thickness": 10, "len": 0.6, "outlinewidth": 0}
    trace.update(marker={"color": values, "colorscale": scale, "cmin": 0, "cmax": 1, "colorbar": bar})
    return _finish(go.Figure([trace]), title=title, dark=dark)


def _points(
    places: NDArray[np.float32],
    rows: NDArray[np.int64],
    texts: Sequence[str],
    here: NDArray[np.int64],
    *,
    name: str,
    colour: str,
    n: int,
) -> go.Scattergl:
    size = 7 if n <= 3_000 else 5 if n <= 12_000 else 3.5
    said: dict[str, object] = {"hoverinfo": "skip"}
    if n <= _HOVERED:
        head = [theme.shorten(name, 40)] if name else []
        said = {
            "hovertext": [theme.hover(*head, theme.shorten(texts[place], 140)) for place in here.tolist()],
            "hoverinfo": "text",
        }
    return go.Scattergl(
        x=np.round(places[here, 0], 3),
        y=np.round(places[here, 1], 3),
        mode="markers",
        name=theme.literal(theme.shorten(name, 24)) if name else "",
        marker={"color": colour, "size": size, "opacity": 0.75, "line": {"width": 0}},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0.12}},
        customdata=rows[here],
        **said,
    )


def _finish(figure: go.Figure, *, title: str, dark: bool | None) -> go.Figure:
    theme.finish(figure, title=title, height=_HEIGHT, dark=dark)
    figure.update_xaxes(visible=False, fixedrange=False)
    figure.update_yaxes(visible=False, fixedrange=False)
    bar = {"bgcolor": theme.CLEAR, "color": theme.INK, "activecolor": theme.accent(dark)}
    figure.update_layout(dragmode="lasso", modebar=bar, newselection={"line": {"color": theme.INK, "dash": "dot"}})
    return figure
