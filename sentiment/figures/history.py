"""How the training of a model went, or goes."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme


def plot_history(history: pd.DataFrame, total_steps: int, *, dark: bool | None = None) -> go.Figure:
    """The loss (train faint, validation strong) over the validation macro-F1; the axes stay while points come.

    Args:
        history: columns step, epoch, kind ("train" or "validation"), loss, macro_f1 (in [0, 1]); may be empty.
        total_steps: the steps of the whole training, the length of the axis.
        dark: whether the page is dark (see `theme`).
    """
    train = history[history["kind"] == "train"].sort_values("step")
    validation = history[history["kind"] == "validation"].sort_values("step")
    figure = go.Figure()
    strong = theme.accent(dark)
    losses = ((train, theme.INK, "train"), (validation, strong, "validation"))
    for table, colour, kind in losses:
        figure.add_trace(_line(table, "loss", colour=colour, faint=kind == "train", kind=kind))
    figure.add_trace(_line(validation, "macro_f1", colour=strong, faint=False, kind="validation").update(yaxis="y2"))
    best = _best(validation)
    if best is not None:
        figure.add_trace(_best_point(best, total_steps, strong))
    end = max(float(total_steps), float(history["step"].max()) if len(history) else 0.0, 1.0)
    figure.update_layout(
        xaxis={"range": [0, end], "title": {"text": "step", "standoff": 6}, "tickformat": ",d", "anchor": "y2"},
        yaxis={"range": [0, _ceiling(history)], "domain": [0.58, 1], "nticks": 4, "showgrid": True},
        yaxis2={"range": [0, 1], "domain": [0, 0.42], "tickformat": ".0%", "dtick": 0.5, "showgrid": True},
        annotations=[
            _panel("Loss: <b>validation</b>, and train (faint)", 1.0),
            _panel("Macro-F1 on validation rows", 0.42),
        ],
        uirevision="history",
    )
    theme.finish(figure, title=_progress(validation, best), height=430, dark=dark)
    return figure.update_layout(margin_t=figure.layout.margin.t + 18)


def _line(table: pd.DataFrame, column: str, *, colour: str, faint: bool, kind: str) -> go.Scatter:
    values = table[column].to_numpy(float)
    values = np.where(np.isfinite(values), values, np.nan)
    shown = [theme.percent(v) if column == "macro_f1" else f"{v:.3g}" for v in values]
    what = "macro-F1" if column == "macro_f1" else f"{kind} loss"
    return go.Scatter(
        x=table["step"].to_numpy(float),
        y=values,
        mode="lines" if faint and len(table) > 1 else "lines+markers",
        opacity=0.45 if faint else 1,
        line={"color": colour, "width": 1 if faint else 2.5},
        marker={"size": 4 if faint else 8},
        connectgaps=False,
        cliponaxis=False,
        hovertext=[
            theme.hover(f"step {theme.number(s)}: {what} {v}") for s, v in zip(table["step"], shown, strict=True)
        ],
        hoverinfo="text",
    )


def _best(validation: pd.DataFrame) -> pd.Series | None:
    scores = validation["macro_f1"].to_numpy(float)
    return None if not np.isfinite(scores).any() else validation.iloc[int(np.nanargmax(scores))]


def _best_point(best: pd.Series, total_steps: int, colour: str) -> go.Scatter:
    late = float(best["step"]) > 0.6 * total_steps
    low = float(best["macro_f1"]) < 0.7
    return go.Scatter(
        x=[float(best["step"])],
        y=[float(best["macro_f1"])],
        yaxis="y2",
        mode="markers+text",
        text=[f"<b>best {theme.percent(float(best['macro_f1']))}</b>"],
        textposition=f"{'top' if low else 'bottom'} {'left' if late else 'right'}",
        marker={"size": 13, "color": theme.CLEAR, "line": {"color": colour, "width": 2.5}},
        cliponaxis=False,
        hoverinfo="skip",
    )


def _ceiling(history: pd.DataFrame) -> float:
    """The top of the loss axis, a round number that the first steps already reach, so that it seldom moves."""
    losses = history["loss"].astype(float)
    losses = losses[np.isfinite(losses)]
    if losses.empty:
        return 1.0
    top = float(losses.max()) * 1.05
    step = 0.5 if top <= 3 else 10.0 ** np.floor(np.log10(top))
    return float(np.ceil(top / step) * step)


def _panel(text: str, y: float) -> dict[str, object]:
    place = {"x": 0, "y": y, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return {"text": text, "showarrow": False, "font": {"size": 13}, **place}


def _progress(validation: pd.DataFrame, best: pd.Series | None) -> str:
    if best is None:
        return "Waiting for the first validation"
    epoch, last = int(best["epoch"]), int(validation["epoch"].max())
    after = f"after epoch {epoch}" if epoch == last else f"best after epoch {epoch} of {last}"
    return f"Macro-F1 {theme.percent(float(best['macro_f1']))}, {after}"
