"""Whether probabilities mean what they say."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme
from sentiment.figures.curves import theme_legend


def plot_reliability(
    lines: Mapping[str, pd.DataFrame],
    *,
    title: str,
    colour: str | None = None,
    what: tuple[str, str] = ("confidence of the model", "right, of these rows"),
    dark: bool | None = None,
) -> go.Figure:
    """The share that is right against the confidence, with 95 % intervals; on the diagonal both are the same.

    Args:
        lines: by its name, a table with a row for each range of confidence: columns confidence, share, low, high (in
            [0, 1]) and n. The last one is drawn filled and in colour, the others open and in grey.
        title: what is seen, as plain text.
        colour: of the last one; the accent by default.
        what: the titles of the axes.
        dark: whether the page is dark (see `theme`).
    """
    figure = go.Figure()
    line = {"color": theme.see_through(theme.INK, 0.7), "width": 1, "dash": "dot"}
    figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False))
    names = list(lines)
    for name in names:
        main = name == names[-1]
        ink = (colour or theme.accent(dark)) if main else theme.INK
        figure.add_trace(_points(lines[name], name=name, colour=ink, main=main))
    axis = {"range": [-0.01, 1.02], "tickformat": ".0%", "dtick": 0.25, "showgrid": True}
    figure.update_xaxes(**axis, title={"text": what[0], "standoff": 6})
    figure.update_yaxes(**axis, title={"text": what[1], "standoff": 6})
    theme.finish(figure, title=title, height=430, dark=dark)
    figure.update_layout(showlegend=len(names) > 1, legend=theme_legend())
    return figure


def _points(table: pd.DataFrame, *, name: str, colour: str, main: bool) -> go.Scatter:
    return go.Scatter(
        x=table["confidence"].tolist(),
        y=table["share"].tolist(),
        mode="lines+markers",
        name=theme.literal(name),
        showlegend=True,
        line={"color": theme.see_through(colour, 0.6), "width": 1.5 if main else 1},
        marker={"color": colour, "size": 10 if main else 8, "symbol": "circle" if main else "circle-open"},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": (table["high"] - table["share"]).clip(lower=0).tolist(),
            "arrayminus": (table["share"] - table["low"]).clip(lower=0).tolist(),
            "width": 0,
            "thickness": 3 if main else 1,
            "color": theme.see_through(theme.INK, 0.5),
        },
        hovertext=[
            theme.hover(
                f"{theme.isolated(name)}: {theme.number(n)} rows, about {theme.percent(confidence)} sure; "
                f"{theme.percent(share)} right ({theme.percent(low)} to {theme.percent(high)})"
            )
            for confidence, share, low, high, n in table[["confidence", "share", "low", "high", "n"]].itertuples(
                index=False
            )
        ],
        hoverinfo="text",
    )
