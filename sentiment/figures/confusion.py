"""Which classes are taken for which."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from sentiment.figures import theme
from sentiment.palette import ACCENT

_STRONGEST = 0.62  # opacity of a full cell: the theme's text still reads on it, dark or light
_MISTAKE = theme.INK


def plot_confusion(report: Mapping[str, Any], colours: Mapping[str, str], *, dark: bool | None = None) -> go.Figure:
    """The confusion matrix: rows true, columns predicted, shaded by the share of the true class.

    Right cells have their class's colour and a frame, mistakes are grey. A click on a cell selects it: with
    `on_select="rerun"`, `event.selection.points[0]["customdata"]` is [true class, predicted class]. The cells are
    bars, because plotly reports no selection on a heat map. On a touch screen plotly selects what was tapped before:
    a second tap on the cell selects it, so offer another way to choose a cell as well.

    Args:
        report: "classes" and "confusion_matrix" of `sentiment.evaluation.evaluate`.
        colours: a colour "#RRGGBB" for each class.
        dark: whether the page is dark (see `theme`).
    """
    names = [str(name) for name in report["classes"]]
    matrix = np.asarray(report["confusion_matrix"], dtype=float)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    k = len(names)
    figure = go.Figure([_cells(names, matrix, shares, colours), _numbers(matrix, shares)])
    side = short_side(k)
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(
        tickvals=list(range(k)),
        ticktext=theme.short_names(names, 12 if k <= 6 else 9),
        range=[-0.5, k - 0.5],
        title={"text": "what the model says", "standoff": 6},
    )
    figure.update_yaxes(
        tickvals=list(range(k)),
        ticktext=theme.short_names(names, 14 if k <= 6 else 12),
        range=[k - 0.5, -0.5],
        title={"text": "true class", "standoff": 6},
    )
    return theme.finish(figure, title=_mistakes(names, matrix), height=110 + side * k, dark=dark)


def short_side(n_classes: int) -> int:
    """The height of a cell in pixels."""
    return int(np.clip(420 / max(n_classes, 1), 26, 84))


def _cells(
    names: Sequence[str], matrix: NDArray[np.float64], shares: NDArray[np.float64], colours: Mapping[str, str]
) -> go.Bar:
    pairs = [(i, j) for i in range(len(names)) for j in range(len(names))]
    fill = [
        theme.see_through(
            colours.get(names[i], theme.INK) if i == j else _MISTAKE, 0.04 + (_STRONGEST - 0.04) * shares[i, j]
        )
        for i, j in pairs
    ]
    frame = [colours.get(names[i], theme.INK) if i == j else theme.FAINT for i, j in pairs]
    said = [
        theme.hover(
            f"{theme.number(matrix[i, j])} of {theme.number(matrix[i].sum())} rows ({theme.percent(shares[i, j])})",
            f"true class: {theme.isolated(names[i])}",
            f"the model says: {theme.isolated(names[j])}",
        )
        for i, j in pairs
    ]
    return go.Bar(
        x=[j for _, j in pairs],
        base=[i - 0.46 for i, _ in pairs],
        y=[0.92] * len(pairs),
        width=0.94,
        marker={"color": fill, "line": {"color": frame, "width": [2 if i == j else 1 for i, j in pairs]}},
        selected={"marker": {"color": theme.see_through(ACCENT, 0.45)}},
        unselected={"marker": {"opacity": 1}},
        customdata=[[names[i], names[j]] for i, j in pairs],
        hovertext=said,
        hoverinfo="text",
    )


def _numbers(matrix: NDArray[np.float64], shares: NDArray[np.float64]) -> go.Scatter:
    """Count and share in each cell; shares alone where cells are small, and only those that matter in tiny ones."""
    k = len(matrix)
    places, text = [], []
    for i in range(k):
        for j in range(k):
            label = _cell_text(matrix[i, j], shares[i, j], k)
            if label:
                places.append((i, j))
                text.append(label)
    size = 14 if k <= 3 else 12 if k <= 5 else 11 if k <= 8 else 9
    return theme.labels_trace(
        [j for _, j in places],
        [i for i, _ in places],
        text,
        textposition="middle center",
        textfont={"size": size},
    )


def _cell_text(count: float, share: float, k: int) -> str:
    if k <= 4:
        return f"<b>{theme.percent(share)}</b><br>{theme.number(count)}"
    if k <= 7:
        return theme.percent(share) if count else ""
    least = 0.005 if k <= 12 else 0.05
    return f"{100 * share:.0f}" if share >= least else ""


def _mistakes(names: Sequence[str], matrix: NDArray[np.float64]) -> str:
    """The worst confusion, in words."""
    wrong = matrix - np.diag(np.diag(matrix))
    rows = matrix.sum(axis=1, keepdims=True)
    if not matrix.sum():
        return "No held-out row to judge the model on"
    if not wrong.sum():
        return f"All {theme.number(matrix.sum())} rows are right"
    share = np.where(rows >= min(10.0, rows.max()), wrong / np.maximum(rows, 1), 0)
    i, j = np.unravel_index(int(share.argmax()), share.shape)
    true, said = (theme.shorten(names[int(n)], 24) for n in (i, j))
    return f"{theme.percent(float(share[i, j]))} of {true} is taken for {said}"
