"""The tables and the plot of the labeling benchmark."""

from pathlib import Path

import numpy as np
import pandas as pd
from plotly.subplots import make_subplots
from scipy import stats

from benchmarks.transfer_report import take_picture

FOLDER = Path(__file__).parent / "results"
TITLES = {
    "reviews": "product-review sentences, three classes, held out by review",
    "tweets": "brand tweets, three classes, near-duplicates on one side",
    "tweets-1:20": "brand tweets with positive ones thinned to a twentieth of the negative ones",
}
_SHOWN = (0, 50, 100, 150, 200, 250, 300, 400, 500)
_BUDGET, _AGAINST = 250, 500
# Okabe & Ito 2008: told apart by the colour-blind, too.
_COLOURS = {
    "default": "#6A3FB5", "random": "#000000", "uncertain-diverse": "#0072B2", "margin": "#56B4E9",
    "entropy": "#009E73", "rare-first": "#D55E00", "peer:margin": "#E69F00", "peer:entropy": "#B8860B",
    "peer:badge": "#CC79A7", "peer:falcun": "#999999",
}  # fmt: skip


def write_report(results: pd.DataFrame) -> None:
    """Prints the tables, and writes them and the plot beside the results."""
    lines = [
        f"{str(results['date'].max())[:10]}, {results['machine'].iloc[-1]}, base model {results['base'].iloc[-1]}, "
        f"an update after every {results['every'].iloc[-1]} labels"
    ]
    names = [name for name in TITLES if (results["set"] == name).any()]
    for name in names:
        lines += _describe(name, results[results["set"] == name])
    text = "\n".join(lines) + "\n"
    print(text)
    (FOLDER / "labeling.md").write_text(text, encoding="utf-8")
    _draw(results, names)


def _describe(name: str, curves: pd.DataFrame) -> list[str]:
    """A set's tables: macro-F1 by labels spent, then the figures that the goals are about."""
    queues = list(curves["queue"].drop_duplicates())
    pool, test = curves["n_pool"].iloc[0], curves["n_test"].iloc[0]
    lines = [
        f"\n**{name}**: {TITLES[name]}; {pool:,} rows to ask for, {test:,} to judge on; macro-F1, mean of "
        f"{curves['seed'].nunique()} seeds ± 95 % interval (Student)\n",
        "| queue | " + " | ".join(map(str, _SHOWN)) + " |",
        "|---|" + "---:|" * len(_SHOWN),
    ]
    for queue in queues:
        scores = _at(curves, queue, "macro_f1")
        lines.append(f"| {queue} | " + " | ".join(_mean(scores[n]) for n in _SHOWN) + " |")
    lines += [
        f"\n| queue | labels until random's macro-F1 at {_AGAINST} | above random at {_BUDGET} "
        f"| default above it, 0 to {_AGAINST} | rare rows at {_BUDGET} | at {_AGAINST} | times random's rate |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    return lines + [_goals(curves, queue) for queue in queues]


def _goals(curves: pd.DataFrame, queue: str) -> str:
    scores, random, default = (_at(curves, name, "macro_f1") for name in (queue, "random", "default"))
    target = random[_AGAINST].mean()
    reached = [int(n) for n in scores.columns if scores[n].mean() >= target]
    above = "" if queue == "random" else _mean(scores[_BUDGET] - random[_BUDGET], sign="+")
    behind = "" if queue == "default" else _mean((default - scores).mean(axis=1), sign="+")
    found, by_chance = _at(curves, queue, "n_rare"), _at(curves, "random", "n_rare")
    times = found[_AGAINST].mean() / max(by_chance[_AGAINST].mean(), 1e-9)
    cells = (
        queue, str(reached[0]) if reached else f"over {_AGAINST}", above, behind,
        f"{found[_BUDGET].mean():.0f}", f"{found[_AGAINST].mean():.0f}", f"{times:.1f}",
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def _at(curves: pd.DataFrame, queue: str, column: str) -> pd.DataFrame:
    """A row per seed, a column per number of labels."""
    part = curves[curves["queue"] == queue].drop_duplicates("seed", keep="last").sort_values("seed")
    return pd.DataFrame([dict(zip(n, v, strict=True)) for n, v in zip(part["n"], part[column], strict=True)])


def _half(values: pd.Series) -> float:
    n = len(values)
    return float(stats.sem(values) * stats.t.ppf(0.975, n - 1)) if n > 1 else float("nan")


def _mean(values: pd.Series, *, sign: str = "") -> str:
    values = 100 * values
    return f"{values.mean():{sign}.1f} ± {_half(values):.1f}"


def _draw(results: pd.DataFrame, names: list[str]) -> None:
    figure = make_subplots(1, len(names), subplot_titles=names)
    for column, name in enumerate(names, 1):
        curves = results[results["set"] == name]
        for queue in curves["queue"].drop_duplicates():
            scores = 100 * _at(curves, queue, "macro_f1")
            x, mean = scores.columns.to_numpy(), scores.mean().to_numpy()
            half = np.array([_half(scores[n]) for n in scores.columns])
            main = queue in ("default", "random")
            colour = _COLOURS.get(queue, "#777777")
            if main:  # the others' intervals are as wide and would hide everything
                figure.add_scatter(
                    x=np.concatenate([x, x[::-1]]), y=np.concatenate([mean - half, (mean + half)[::-1]]),
                    fill="toself", fillcolor=colour, opacity=0.12, line={"width": 0}, showlegend=False,
                    hoverinfo="skip", row=1, col=column,
                )  # fmt: skip
            figure.add_scatter(
                x=x, y=mean, name=queue, legendgroup=queue, showlegend=column == 1, mode="lines",
                line={"color": colour, "width": 3 if main else 1.5, "dash": "dot" if "peer:" in queue else "solid"},
                row=1, col=column,
            )  # fmt: skip
    figure.update_xaxes(title="labels spent")
    figure.update_yaxes(title="macro-F1, %")
    width, height = 480 * len(names), 520
    figure.update_layout(template="plotly_white", width=width, height=height, font={"size": 14})
    figure.update_layout(margin={"l": 60, "r": 20, "t": 50, "b": 60})
    take_picture(figure, FOLDER / "labeling.png", width=width, height=height)
