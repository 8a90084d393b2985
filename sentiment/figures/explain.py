"""What a model listens to: words by how much they speak for a class, before and after fine-tuning."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme

_LANE = 26  # pixels of a word
_SPREAD = 1.96  # standard errors of a 95 % interval


def plot_word_influence(words: pd.DataFrame, *, name: str, colour: str, dark: bool | None = None) -> go.Figure:
    """Words by how much they speak for a class on average, each a point with its 95 % interval.

    Args:
        words: columns word, n (occurrences), mean (log-odds), se (its standard error); the strongest first.
        name: the class.
        colour: its colour "#RRGGBB".
        dark: whether the page is dark (see `theme`).
    """
    lanes = np.arange(len(words), dtype=float)
    mean, reach = words["mean"].to_numpy(float), _SPREAD * words["se"].to_numpy(float)
    figure = go.Figure()
    for lane, middle, half in zip(lanes.tolist(), mean.tolist(), reach.tolist(), strict=True):
        line = {"color": theme.see_through(colour, 0.45), "width": 6}
        figure.add_scatter(x=[middle - half, middle + half], y=[lane, lane], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=mean,
        y=lanes,
        mode="markers",
        marker={"color": colour, "size": 10},
        hoverinfo="text",
        hovertext=[
            theme.hover(word, f"{value:+.2f} log-odds on average", f"over {theme.number(n)} occurrences")
            for word, value, n in words[["word", "mean", "n"]].itertuples(index=False)
        ],
    )
    low = float(min(0.0, (mean - reach).min(initial=0.0)))
    high = float(max(0.5, (mean + reach).max(initial=0.5)))
    labels = theme.short_names(words["word"].tolist(), 18)
    figure.update_yaxes(tickvals=lanes, ticktext=labels, range=[len(words) - 0.4, -0.6])
    figure.update_xaxes(range=[low, high * 1.05], zeroline=True, zerolinecolor=theme.FAINT, tickformat="+.1f", nticks=5)
    first = words["word"].iloc[0] if len(words) else ""
    title = f"“{theme.shorten(first, 20)}” speaks most for {theme.shorten(name, 30)}" if first else "No word stands out"
    return theme.finish(figure, title=title, height=70 + _LANE * len(words), dark=dark)


def plot_movers(movers: pd.DataFrame, *, name: str, colour: str, dark: bool | None = None) -> go.Figure:
    """Words whose part changed most by fine-tuning: an open circle before, a full one after, a line between them.

    Args:
        movers: columns word, n, before, after (log-odds); the surest changes first.
        name: the class.
        colour: its colour "#RRGGBB".
        dark: whether the page is dark (see `theme`).
    """
    lanes = np.arange(len(movers), dtype=float)
    before, after = movers["before"].to_numpy(float), movers["after"].to_numpy(float)
    figure = go.Figure()
    for lane, start, stop in zip(lanes.tolist(), before.tolist(), after.tolist(), strict=True):
        line = {"color": theme.see_through(colour, 0.5), "width": 3}
        figure.add_scatter(x=[start, stop], y=[lane, lane], mode="lines", line=line, hoverinfo="skip")
    said = [
        theme.hover(word, f"before {old:+.2f}, after {new:+.2f} log-odds", f"over {theme.number(n)} occurrences")
        for word, old, new, n in movers[["word", "before", "after", "n"]].itertuples(index=False)
    ]
    for places, symbol in ((before, "circle-open"), (after, "circle")):
        marker = {"color": colour, "size": 10, "symbol": symbol, "line": {"color": colour, "width": 2}}
        figure.add_scatter(x=places, y=lanes, mode="markers", marker=marker, hoverinfo="text", hovertext=said)
    reach = 1.08 * float(np.abs(np.concatenate([before, after])).max(initial=0.5))
    labels = theme.short_names(movers["word"].tolist(), 18)
    figure.update_yaxes(tickvals=lanes, ticktext=labels, range=[len(movers) - 0.4, -0.6])
    figure.update_xaxes(range=[-reach, reach], zeroline=True, zerolinecolor=theme.FAINT, tickformat="+.1f", nticks=5)
    title = "No word changed surely"
    if len(movers):
        word = theme.shorten(movers["word"].iloc[0], 20)
        title = f"“{word}” now speaks {_way(before[0], after[0])} {theme.shorten(name, 30)}"
    return theme.finish(figure, title=title, height=70 + _LANE * len(movers), dark=dark)


def _way(before: float, after: float) -> str:
    """How a word's part changed, before the name of the class that it speaks for or against."""
    if (before > 0) != (after > 0):
        return "for" if after > 0 else "against"
    side = "for" if after > 0 else "against"
    return f"{'more' if abs(after) > abs(before) else 'less'} {side}"
