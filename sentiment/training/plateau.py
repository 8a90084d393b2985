"""Whether more labels still pay: the slope of a learning curve over its last labels, against its noise.

The points of a curve are judged on nearly the same rows, so they err together, and how well they lie on a line says
little about the slope. What the rows leave open comes from drawing them again for all points at once; what the fits do
besides, from the points' distances to the line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sentiment.numbers import number, points
from sentiment.training.quick import Score

WINDOW = 150  # last labels that the slope is taken over; fewer cannot tell a slope from noise
_FEWEST_POINTS = 5
_PER = 100  # labels that a gain is given for
_WORTH = 1.0  # points of macro-F1 for a hundred labels: below it, few would go on
_LEVEL = 0.9  # of the interval


@dataclass(frozen=True)
class Plateau:
    """What the last labels brought.

    Attributes:
        verdict: "pays", "stopped" or "unknown".
        gain: macro-F1 for a hundred more labels, as the last ones say; nan while there are too few points.
        margin: half width of its 90 % interval; nan likewise.
        sentence: the same in words.
    """

    verdict: str
    gain: float
    margin: float
    sentence: str


def judge_plateau(curve: Sequence[Score], *, window: int = WINDOW) -> Plateau:
    """What a learning curve says of the next labels.

    More labels have stopped paying when even the upper end of the slope's interval is worth less than a point of
    macro-F1 for a hundred labels; they pay when the lower end is above zero.

    Args:
        curve: its points, by their labels, ascending.
        window: last labels that the slope is taken over.
    """
    recent = [point for point in curve if point.n_labels >= curve[-1].n_labels - window]
    spent = np.array([point.n_labels for point in recent], float)
    if len(spent) < _FEWEST_POINTS or spent[-1] - spent[0] < window / 2:
        return Plateau("unknown", float("nan"), float("nan"), "Too few labels yet to say what more of them will bring.")
    fit = stats.linregress(spent, [point.macro_f1 for point in recent])
    away = (spent - spent.mean()) / ((spent - spent.mean()) ** 2).sum()
    redrawn = away @ np.stack([point.drawn for point in recent])
    error = float(np.hypot(redrawn.std(), np.nan_to_num(fit.stderr)))
    gain = float(fit.slope) * _PER
    margin = error * _PER * float(stats.t.ppf((1 + _LEVEL) / 2, len(spent) - 2))
    brought = f"{points(gain)} points of macro-F1 for each {_PER} labels (± {100 * margin:.1f})"
    said = f"The last {number(spent[-1] - spent[0])} labels brought {brought}"
    if gain + margin < _WORTH / 100:
        return Plateau("stopped", gain, margin, f"{said}: more labels of this kind hardly pay any more.")
    if gain - margin > 0:
        return Plateau("pays", gain, margin, f"{said}: more labels still pay.")
    return Plateau("unknown", gain, margin, f"{said}, too uncertain to say whether more labels pay.")
