"""What a model's probabilities are worth at every threshold: ROC and precision–recall curves, and the surest rows."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme

_AXES = {
    "roc": ("other rows said to be of the class", "rows of the class that are found"),
    "precision-recall": ("rows of the class that are found", "right where the class is said"),
}


def plot_curves(
    curves: Mapping[str, pd.DataFrame],
    notes: Mapping[str, str],
    colours: Mapping[str, str],
    *,
    kind: str,
    title: str,
    levels: Mapping[str, float] | None = None,
    dark: bool | None = None,
) -> go.Figure:
    """A curve per class, with what its area is in the legend.

    Args:
        curves: by class, columns threshold (falling), false_alarms, recall, precision, in [0, 1].
        notes: by class, its area in words, for the legend.
        colours: a colour "#RRGGBB" for each class.
        kind: "roc" or "precision-recall".
        title: what is seen, as plain text.
        levels: by class, the height at which a guess would lie in the precision–recall chart.
        dark: whether the page is dark (see `theme`).
    """
    x, y = ("false_alarms", "recall") if kind == "roc" else ("recall", "precision")
    figure = go.Figure()
    faint = {"color": theme.see_through(theme.INK, 0.7), "width": 1, "dash": "dot"}
    if kind == "roc":
        figure.add_trace(go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=faint, hoverinfo="skip", showlegend=False))
    for name, level in (levels or {}).items():
        line = {**faint, "color": theme.see_through(colours.get(name, theme.INK), 0.7)}
        figure.add_trace(
            go.Scatter(x=[0, 1], y=[level, level], mode="lines", line=line, hoverinfo="skip", showlegend=False)
        )
    for name, label in zip(curves, theme.short_names(list(curves), 24), strict=True):
        table = curves[name]
        start = pd.DataFrame({"threshold": [1.0], "false_alarms": [0.0], "recall": [0.0], "precision": [float("nan")]})
        points = pd.concat([start, table], ignore_index=True) if kind == "roc" else table
        figure.add_trace(
            go.Scatter(
                x=points[x].tolist(),
                y=points[y].tolist(),
                mode="lines",
                line={"color": colours.get(name, theme.INK), "width": 2.5, "shape": "hv"},
                name=f"{label}  {theme.literal(notes.get(name, ''))}".strip(),
                showlegend=True,
                hovertext=[_point(name, *values) for values in points.itertuples(index=False)],
                hoverinfo="text",
            )
        )
    across, up = _AXES[kind]
    axis = {"range": [-0.01, 1.02], "tickformat": ".0%", "dtick": 0.25, "showgrid": True}
    figure.update_xaxes(**axis, title={"text": across, "standoff": 6})
    figure.update_yaxes(**axis, title={"text": up, "standoff": 6})
    theme.finish(figure, title=title, height=390 + 22 * len(curves), dark=dark)
    figure.update_layout(showlegend=True, legend=theme_legend())
    return figure


def theme_legend() -> dict[str, object]:
    """A legend below a chart that has a title on its horizontal axis; clicks on it do nothing."""
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": -0.19,
        "yref": "paper",
        "yanchor": "top",
        "itemclick": False,
        "itemdoubleclick": False,
    }


def _point(name: str, threshold: float, false_alarms: float, recall: float, precision: float) -> str:
    right = "" if precision != precision else f", {theme.percent(precision)} of what is said is right"
    return theme.hover(
        f"“{theme.isolated(name)}” said from {theme.percent(threshold)} on:",
        f"{theme.percent(recall)} of its rows found{right}, {theme.percent(false_alarms)} of the others taken for it",
    )


def plot_coverage(table: pd.DataFrame, *, chosen: float | None, title: str, dark: bool | None = None) -> go.Figure:
    """The accuracy of the surest rows against their share, with the 95 % interval as a band.

    Args:
        table: columns confidence (falling), coverage, accuracy, low, high, in [0, 1].
        chosen: the coverage that was chosen, marked by a line; None for none.
        title: what is seen, as plain text.
        dark: whether the page is dark (see `theme`).
    """
    colour = theme.accent(dark)
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    across: Sequence[float] = table["coverage"].tolist()
    figure = go.Figure(
        [
            go.Scatter(x=across, y=table["low"].tolist(), **edge),
            go.Scatter(
                x=across,
                y=table["high"].tolist(),
                fill="tonexty",
                fillcolor=theme.see_through(colour, 0.2),
                **edge,
            ),
            go.Scatter(
                x=across,
                y=table["accuracy"].tolist(),
                mode="lines",
                line={"color": colour, "width": 2.5},
                hovertext=[
                    theme.hover(
                        f"Undecided below {theme.percent(confidence)}: {theme.percent(coverage)} of the rows decided, "
                        f"{theme.percent(accuracy)} of them right ({theme.percent(low)} to {theme.percent(high)})"
                    )
                    for confidence, coverage, accuracy, low, high in table[
                        ["confidence", "coverage", "accuracy", "low", "high"]
                    ].itertuples(index=False)
                ],
                hoverinfo="text",
            ),
        ]
    )
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": theme.INK, "width": 2, "dash": "dot"})
    least = min(0.5, float(table["low"].min())) if len(table) else 0.0
    figure.update_xaxes(
        range=[0, 1.01], tickformat=".0%", dtick=0.25, title={"text": "rows that are decided", "standoff": 6}
    )
    figure.update_yaxes(
        range=[least, 1.01], tickformat=".0%", showgrid=True, title={"text": "right, of these", "standoff": 6}
    )
    return theme.finish(figure, title=title, height=330, dark=dark)
