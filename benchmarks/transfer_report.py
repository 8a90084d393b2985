"""The table and the plot of the transfer benchmark."""

from pathlib import Path

import numpy as np
import pandas as pd
from plotly.subplots import make_subplots

from benchmarks.labeled_sets import SETS

PLOT = Path(__file__).parent / "results" / "transfer.html"
# Okabe & Ito 2008: told apart by the colour-blind, too.
_COLOURS = (
    "#6A3FB5", "#0072B2", "#56B4E9", "#009E73", "#8DCFB8", "#999999", "#CC79A7", "#D55E00", "#E69F00", "#B8860B",
    "#000000",
)  # fmt: skip


def print_report(results: pd.DataFrame, *, peer: str) -> None:
    """Prints a Markdown table for each data set, and writes the plot beside the results."""
    last = results.drop_duplicates(["set", "method", "n", "seed"], keep="last")
    print(f"{str(last['date'].max())[:10]}, {last['machine'].iloc[-1]}")
    for name in [name for name in SETS if (last["set"] == name).any()]:
        cells = last[last["set"] == name]
        print(f"\n**{name}**: {SETS[name]}; macro-F1, mean of {cells['seed'].nunique()} seeds ± 95 % interval\n")
        print(markdown(cells, peer=peer))
    _draw(last, peer=peer)


def markdown(cells: pd.DataFrame, *, peer: str) -> str:
    """A table of one data set: a row per method, a column per number of labels."""
    sizes = sorted(cells["n"].unique(), key=lambda n: n or np.inf)
    rows_of_all = cells.loc[cells["n"] == 0, "n_rows"].mean()
    heads = [f"{n:,}" if n else f"all ({rows_of_all:,.0f})" for n in sizes]
    lines = ["| method | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(heads)]
    for method in cells["method"].unique():
        shown = [_cell(cells[(cells["method"] == method) & (cells["n"] == n)]["macro_f1"]) for n in sizes]
        title = f"*{method}*" if method == peer else method
        lines.append(f"| {title} | " + " | ".join(shown) + " |")
    return "\n".join(lines)


def half_width(values: pd.Series) -> float:
    """Half of the 95 % interval of a mean over seeds (normal), in the unit of the values."""
    return float(1.96 * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def _cell(values: pd.Series) -> str:
    return f"{100 * values.mean():.1f} ± {100 * half_width(values):.1f}" if len(values) else ""


def _draw(cells: pd.DataFrame, *, peer: str) -> None:
    names = [name for name in SETS if (cells["set"] == name).any()]
    figure = make_subplots(1, len(names), subplot_titles=[SETS[name].split(",")[0] + f" ({name})" for name in names])
    methods = list(cells["method"].unique())
    for column, name in enumerate(names, 1):
        for position, method in enumerate(methods):
            of_method = cells[(cells["set"] == name) & (cells["method"] == method)]
            points = of_method.groupby("n").agg(
                x=("n_rows", "mean"), y=("macro_f1", "mean"), e=("macro_f1", half_width)
            )
            points = points.sort_values("x")
            figure.add_scatter(
                x=points["x"], y=100 * points["y"], error_y={"array": 100 * points["e"]}, name=method,
                legendgroup=method, showlegend=column == 1,
                line={"color": _COLOURS[position % len(_COLOURS)], "dash": "dash" if method == peer else "solid"},
                row=1, col=column,
            )  # fmt: skip
    figure.update_xaxes(type="log", title="labels")
    figure.update_yaxes(title="macro-F1, %")
    figure.update_layout(template="plotly_white", width=520 * len(names), height=520)
    PLOT.parent.mkdir(exist_ok=True)
    figure.write_html(PLOT, include_plotlyjs="cdn")
