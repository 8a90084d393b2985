"""What a threshold does to a class, and what it costs."""

import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme
from sentiment.figures.curves import theme_legend


def plot_threshold(
    table: pd.DataFrame, *, colour: str, chosen: float | None, title: str, dark: bool | None = None
) -> go.Figure:
    """How many rows of a class are found, and how much of what is said is right, at every threshold.

    Args:
        table: columns threshold (rising), recall, precision (nan where nothing is said), in [0, 1].
        colour: of the class.
        chosen: the threshold in use, marked by a line; None for none.
        title: what is seen, as plain text.
        dark: whether the page is dark (see `theme`).
    """
    across = table["threshold"].tolist()
    figure = go.Figure()
    for column, name, dash in (
        ("recall", "found, of its rows", "solid"),
        ("precision", "right, of what is said", "dash"),
    ):
        figure.add_trace(
            go.Scatter(
                x=across,
                y=table[column].tolist(),
                mode="lines",
                name=name,
                showlegend=True,
                line={"color": colour, "width": 2.5, "dash": dash},
                hovertext=[
                    theme.hover(f"From {theme.percent(t)} on: {theme.percent(v)} {name}") if v == v else ""
                    for t, v in zip(across, table[column], strict=True)
                ],
                hoverinfo="text",
            )
        )
    _mark(figure, chosen)
    figure.update_yaxes(range=[-0.01, 1.02], tickformat=".0%", dtick=0.25, showgrid=True)
    _finish(figure, title=title, dark=dark)
    return figure


def plot_costs(
    table: pd.DataFrame, *, chosen: float | None, cheapest: float | None, title: str, dark: bool | None = None
) -> go.Figure:
    """What mistakes cost at every threshold, per 1,000 rows.

    Args:
        table: columns threshold (rising) and one column of costs per row for each set of rows, by its name; the last
            one is drawn in the accent.
        chosen: the threshold in use; None for none.
        cheapest: the threshold that is proposed; None for none.
        title: what is seen, as plain text.
        dark: whether the page is dark (see `theme`).
    """
    figure = go.Figure()
    names = [name for name in table.columns if name != "threshold"]
    for name in names:
        main = name == names[-1]
        costs = 1000 * table[name]
        figure.add_trace(
            go.Scatter(
                x=table["threshold"].tolist(),
                y=costs.tolist(),
                mode="lines",
                name=theme.literal(name),
                showlegend=True,
                line={"color": theme.accent(dark) if main else theme.INK, "width": 2.5 if main else 1.5},
                hovertext=[
                    theme.hover(f"From {theme.percent(t)} on: {theme.number(cost)} per {theme.number(1000)} {name}")
                    for t, cost in zip(table["threshold"], costs, strict=True)
                ],
                hoverinfo="text",
            )
        )
    _mark(figure, chosen)
    if cheapest is not None:
        place = int((table["threshold"] - cheapest).abs().argmin())
        figure.add_trace(
            go.Scatter(
                x=[cheapest],
                y=[1000 * float(table[names[0]].iloc[place])],
                mode="markers",
                marker={"size": 11, "symbol": "diamond", "color": theme.INK},
                name="cheapest",
                showlegend=True,
                hoverinfo="skip",
            )
        )
    figure.update_yaxes(
        rangemode="tozero",
        showgrid=True,
        title={"text": f"cost per {theme.number(1000)} rows", "standoff": 6},
        nticks=5,
    )
    _finish(figure, title=title, dark=dark)
    return figure


def _mark(figure: go.Figure, chosen: float | None) -> None:
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": theme.INK, "width": 2, "dash": "dot"})


def _finish(figure: go.Figure, *, title: str, dark: bool | None) -> None:
    figure.update_xaxes(range=[0, 1], tickformat=".0%", dtick=0.25, title={"text": "said from", "standoff": 6})
    theme.finish(figure, title=title, height=330, dark=dark)
    legend = {**theme_legend(), "y": -0.24}
    figure.update_layout(showlegend=True, legend=legend)
