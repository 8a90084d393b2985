"""The table and the plot of the transfer benchmark."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright
from plotly.graph_objects import Figure
from plotly.subplots import make_subplots

from benchmarks.labeled_sets import SETS
from tests.browser.conftest import QUIET, chromium_path

PLOT = Path(__file__).parent / "results" / "transfer.png"
# Okabe & Ito 2008: told apart by the colour-blind, too. A method that is not named is black, as the peer.
_COLOURS = {
    "en-cnn-reviews": "#6A3FB5", "en-rnn-reviews": "#0072B2", "en-cnn-news": "#56B4E9",
    "scratch-cnn": "#009E73", "scratch-rnn": "#8DCFB8",
    "tfidf-words": "#D55E00", "tfidf-chars": "#E69F00", "naive-bayes": "#B8860B", "word-vectors": "#CC79A7",
    "majority": "#999999",
}  # fmt: skip
_TICKS = (50, 100, 200, 500, 1_000, 2_000, 8_000)


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
    if len(values) < 2:
        return f"{100 * values.iloc[0]:.1f} (1 seed)" if len(values) else ""
    return f"{100 * values.mean():.1f} ± {100 * half_width(values):.1f}"


def _draw(cells: pd.DataFrame, *, peer: str) -> None:
    names = [name for name in SETS if (cells["set"] == name).any()]
    figure = make_subplots(1, len(names), subplot_titles=[SETS[name].split(",")[0] + f" ({name})" for name in names])
    methods = sorted(cells["method"].unique(), key=lambda name: list(_COLOURS).index(name) if name in _COLOURS else -1)
    for column, name in enumerate(names, 1):
        for method in methods:
            of_method = cells[(cells["set"] == name) & (cells["method"] == method)]
            points = of_method.groupby("n").agg(
                x=("n_rows", "mean"), y=("macro_f1", "mean"), e=("macro_f1", half_width)
            )
            points = points.sort_values("x")
            figure.add_scatter(
                x=points["x"], y=100 * points["y"], error_y={"array": 100 * points["e"]}, name=method,
                legendgroup=method, showlegend=column == 1,
                line={"color": _COLOURS.get(method, "#000000"), "dash": "dash" if method == peer else "solid"},
                row=1, col=column,
            )  # fmt: skip
    figure.update_xaxes(type="log", title="labels", tickvals=_TICKS, ticktext=[f"{n:,}" for n in _TICKS])
    figure.update_yaxes(title="macro-F1, %")
    figure.update_layout(template="plotly_white", width=520 * len(names), height=520)
    figure.update_layout(margin={"l": 60, "r": 20, "t": 50, "b": 60}, font={"size": 14})
    take_picture(figure, PLOT, width=520 * len(names), height=520)


def take_picture(figure: Figure, path: Path, *, width: int, height: int) -> None:
    """Writes the figure as a PNG, drawn by the browser that the browser tests use."""
    path.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "plot.html"
        figure.write_html(page_file, include_plotlyjs=True, config={"displayModeBar": False})
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*QUIET, "--no-sandbox"])
        page = browser.new_page(viewport={"width": width + 16, "height": height + 16})
        page.goto(page_file.as_uri())
        page.locator(".main-svg").first.wait_for()
        page.screenshot(path=path)
        browser.close()
