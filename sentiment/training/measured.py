"""What was measured of imbalance on labeled sets that were thinned out: `benchmarks/imbalance.py`, en-cnn-reviews."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """How many of the rare class's rows were found at one ratio, as shares, the lower and the higher of two sets.

    Attributes:
        ratio: rows of the frequent class for each of the rare one.
        without: with nothing against imbalance.
        remedied: with the recommended remedy.
        remedy: its name in `IMBALANCE`.
    """

    ratio: int
    without: tuple[float, float]
    remedied: tuple[float, float]
    remedy: str = "logit-adjustment"


# benchmarks/README.md, "recall of the rare class": product reviews and brand tweets, two classes, means of 3 seeds.
MEASURED = (
    Measured(5, (0.536, 0.537), (0.737, 0.833)),
    Measured(20, (0.156, 0.204), (0.665, 0.835)),
    Measured(100, (0.016, 0.046), (0.508, 0.861)),
)


def measured_near(ratio: float) -> Measured:
    """What was measured at the ratio that is nearest to this one, in proportion."""
    return min(MEASURED, key=lambda one: abs(math.log(one.ratio / max(ratio, 1.0))))
