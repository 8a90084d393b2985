"""How good a model is class by class, beside its baselines."""

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from sentiment.figures import theme

MACRO = "macro avg"
_SYMBOLS = ("diamond-open", "square-open", "triangle-up-open", "cross-open", "star-open")
_METRICS = {"f1-score": "F1", "precision": "precision", "recall": "recall"}
_TITLES = {"f1-score": "F1", "precision": "Precision", "recall": "Recall"}


def plot_report(
    report: Mapping[str, Any],
    baselines: Mapping[str, Mapping[str, Any]],
    colours: Mapping[str, str],
    *,
    metric: str = "f1-score",
    fewest: int = 0,
    dark: bool | None = None,
) -> go.Figure:
    """A point with its 95 % interval per class and for the macro average, with those of the baselines below it.

    The model is a filled circle in the class's colour, each baseline an open symbol of its own in grey. A click on
    a point selects it: `event.selection.points[0]["customdata"][0]` is the class.

    Args:
        report: the model's, made by `sentiment.evaluation.evaluate`.
        baselines: each baseline's report, by the name to show; may be empty.
        colours: a colour "#RRGGBB" for each class.
        metric: "f1-score", "precision" or "recall".
        fewest: rows of a class below which it has no point, and its label says that they are too few.
        dark: whether the page is dark (see `theme`).
    """
    names = [str(name) for name in report["classes"]]
    lanes = [*names, MACRO]
    hidden = {str(line["class"]) for line in report["per_class"] if line["support"] < fewest}
    shown = [name for name in names if name not in hidden]
    gap = 0.5 / (len(baselines) + 1)
    palette = [colours.get(name, theme.INK) for name in names] + [theme.accent(dark)]
    model = _points(report, metric, name="", offset=0.0, colours=palette, symbol="circle", lanes=lanes, only=shown)
    figure = go.Figure([model, _key("This model")])
    for index, (name, other) in enumerate(baselines.items()):
        symbol = _SYMBOLS[index % len(_SYMBOLS)]
        greys = [theme.INK] * len(lanes)
        offset = gap * (index + 1)
        figure.add_trace(
            _points(other, metric, name=name, offset=offset, colours=greys, symbol=symbol, lanes=lanes, only=shown)
        )
    labels = [*theme.short_names(names, 20), "Mean of the classes"]
    figure.add_trace(
        theme.labels_trace(
            [0.0] * len(lanes),
            [lane - 0.27 for lane in range(len(lanes))],
            [
                f"<b>{label}</b>  {_value(report, lane, metric, hidden)}"
                for label, lane in zip(labels, lanes, strict=True)
            ],
            textposition="middle right",
        )
    )
    figure.add_hline(y=len(names) - 0.48, line={"color": theme.FAINT, "width": 1})
    figure.update_xaxes(range=[-0.03, 1.03], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], showgrid=True)
    figure.update_yaxes(range=[len(lanes) - 0.4, -0.5], visible=False)
    theme.finish(figure, title=_best_and_worst(report, metric, shown), height=140 + 62 * len(lanes), dark=dark)
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": -0.02, "yref": "paper", "yanchor": "top"}
    figure.update_layout(showlegend=bool(baselines), legend={**legend, "itemclick": False, "itemdoubleclick": False})
    figure.update_xaxes(side="top")
    return figure


def _lookup(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Each class's line of a report, and the macro average's."""
    lines = {str(line["class"]): line for line in report["per_class"]}
    return lines | {MACRO: {**report[MACRO], "intervals": report["intervals"][MACRO]}}


def _points(
    report: Mapping[str, Any],
    metric: str,
    *,
    name: str,
    offset: float,
    colours: list[str],
    symbol: str,
    lanes: list[str],
    only: list[str],
) -> go.Scatter:
    lines, drawn = _lookup(report), {*only, MACRO}
    known = [(lane, lines[name]) for lane, name in enumerate(lanes) if name in lines and name in drawn]
    values = [float(line[metric]) for _, line in known]
    spans = [line["intervals"][metric] for _, line in known]
    filled = symbol == "circle"
    return go.Scatter(
        x=values,
        y=[lane + offset for lane, _ in known],
        mode="markers",
        name=theme.literal(theme.shorten(name, 30)),
        showlegend=symbol != "circle",
        marker={"symbol": symbol, "size": 13 if filled else 9, "color": [colours[lane] for lane, _ in known]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [max(high - v, 0) for v, (_, high) in zip(values, spans, strict=True)],
            "arrayminus": [max(v - low, 0) for v, (low, _) in zip(values, spans, strict=True)],
            "width": 0,
            "thickness": 4 if filled else 1.5,
            "color": theme.see_through(theme.INK, 0.55),
        },
        customdata=[[lanes[lane]] for lane, _ in known],
        hovertext=[
            theme.hover(
                lanes[lane] if lanes[lane] != MACRO else "Mean of the classes",
                f"{theme.isolated(name or 'This model')}: {_METRICS[metric]} {theme.percent(v)} "
                f"({theme.percent(low)} to {theme.percent(high)} at 95{theme.THIN}%)",
            )
            for (lane, _), v, (low, high) in zip(known, values, spans, strict=True)
        ],
        hoverinfo="text",
        cliponaxis=False,
    )


def _key(name: str) -> go.Scatter:
    """The legend's entry for the model, whose points have the classes' colours."""
    marker = {"symbol": "circle", "size": 13, "color": theme.INK}
    return go.Scatter(x=[None], y=[None], mode="markers", name=name, marker=marker, showlegend=True)


def _value(report: Mapping[str, Any], lane: str, metric: str, hidden: set[str]) -> str:
    line = _lookup(report)[lane]
    if lane in hidden:
        return f"too few rows ({theme.number(line['support'])})"
    rows = "" if lane == MACRO else f" · {theme.number(line['support'])} rows"
    return theme.percent(float(line[metric])) + rows


def _best_and_worst(report: Mapping[str, Any], metric: str, shown: list[str]) -> str:
    lines = (line for line in report["per_class"] if line["support"] > 0 and str(line["class"]) in shown)
    seen = sorted(lines, key=lambda line: -float(line[metric]))
    if len(seen) < 2 or seen[0][metric] == seen[-1][metric]:
        return f"{_TITLES[metric]} of each class"
    best, worst = (theme.shorten(str(line["class"]), 24) for line in (seen[0], seen[-1]))
    return f"{_TITLES[metric]}: best on {best}, weakest on {worst}"
