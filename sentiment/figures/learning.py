"""What labels have bought: macro-F1 against the number of labels."""

import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme


def plot_learning(curve: pd.DataFrame, *, title: str, dark: bool | None = None) -> go.Figure:
    """Macro-F1 with its 95 % interval as a band, against labels given.

    Args:
        curve: columns n_labels (ascending), macro_f1, low, high, each of the last three in [0, 1]; may be empty.
        title: what is to be seen.
        dark: whether the page is dark (see `theme`).
    """
    colour = theme.accent(dark)
    labels = curve["n_labels"].to_numpy(float)
    figure = go.Figure()
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_trace(go.Scatter(x=labels, y=curve["low"], **edge))
    band = theme.see_through(colour, 0.2)
    figure.add_trace(go.Scatter(x=labels, y=curve["high"], fill="tonexty", fillcolor=band, **edge))
    figure.add_trace(
        go.Scatter(
            x=labels,
            y=curve["macro_f1"],
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            marker={"size": 6},
            hovertext=[
                theme.hover(f"{theme.number(n)} labels: macro-F1 {theme.percent(f)}")
                for n, f in zip(labels, curve["macro_f1"], strict=True)
            ],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        xaxis={"title": {"text": "labels", "standoff": 6}, "tickformat": ",d", "rangemode": "tozero", "nticks": 5},
        yaxis={"range": [0, 1], "tickformat": ".0%", "dtick": 0.25, "showgrid": True},
        uirevision="learning",
    )
    return theme.finish(figure, title=title, height=260, dark=dark)
