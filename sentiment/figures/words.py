"""The words that set a class apart."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sentiment.figures import theme
from sentiment.palette import ACCENT

_LANE = 26  # pixels of a word


def plot_words(
    typical: pd.DataFrame, untypical: pd.DataFrame, colours: Mapping[str, str], *, name: str, dark: bool | None = None
) -> go.Figure:
    """Words that a class uses more than the others to the right, and words that it avoids to the left.

    A bar is as long as the evidence is strong (z-score). With `on_select`, `event.selection.points[0]["customdata"][0]`
    is the word; a click anywhere in its lane selects it.

    Args:
        typical: columns term, z (above 0), share, share_else (in [0, 1]), the strongest first.
        untypical: the same with z below 0, the strongest first.
        colours: a colour "#RRGGBB" for each class.
        name: the class.
        dark: whether the page is dark (see `theme`).
    """
    shown = pd.concat([typical, untypical], ignore_index=True)
    z = shown["z"].to_numpy(float)
    lanes = np.concatenate([np.arange(len(typical)), len(typical) + 0.6 + np.arange(len(untypical))]).astype(float)
    reach = float(np.abs(z).max(initial=1.0))
    colour = colours.get(name, theme.INK)
    bars = go.Bar(
        y=lanes,
        x=z,
        width=0.72,
        orientation="h",
        marker={"color": [colour if value > 0 else theme.INK for value in z], "cornerradius": 3},
        hoverinfo="skip",
        unselected={"marker": {"opacity": 1}},
    )
    labels = theme.short_names(shown["term"].tolist(), 24)
    beside = np.where(z > 0, -0.012, 0.012) * reach
    sides = ["middle left" if value > 0 else "middle right" for value in z]
    figure = go.Figure([bars, _targets(shown, lanes, reach, name)])
    figure.add_trace(theme.labels_trace(beside.tolist(), lanes.tolist(), labels, textposition=sides))
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(range=[-reach * 1.02, reach * 1.02], visible=False)
    figure.update_yaxes(range=[float(lanes.max(initial=0)) + 0.7, -0.7], visible=False)
    return theme.finish(figure, title=_title(typical, name), height=60 + int(_LANE * (len(z) + 1)), dark=dark)


def _targets(shown: pd.DataFrame, lanes: np.ndarray, reach: float, name: str) -> go.Bar:
    """Invisible bars over the whole lanes, for hovering and clicking; a selected one shows."""
    said = [
        theme.hover(
            term,
            f"in {theme.percent(share)} of the rows of {theme.isolated(theme.shorten(name, 30))}",
            f"in {theme.percent(share_else)} of the other rows",
        )
        for term, share, share_else in shown[["term", "share", "share_else"]].itertuples(index=False)
    ]
    return go.Bar(
        y=lanes,
        x=np.full(len(lanes), 2 * reach),
        base=np.full(len(lanes), -reach),
        width=1.0,
        orientation="h",
        marker={"color": theme.see_through(ACCENT, 0.16), "opacity": 0, "cornerradius": 4},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}},
        customdata=[[term] for term in shown["term"]],
        hovertext=said,
        hoverinfo="text",
    )


def _title(typical: pd.DataFrame, name: str) -> str:
    if not len(typical):
        return f"No word sets {theme.shorten(name, 30)} apart"
    return (
        f"“{theme.shorten(typical['term'].iloc[0], 24)}” is most typical of {theme.isolated(theme.shorten(name, 30))}"
    )
