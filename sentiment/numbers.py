"""Counts and shares as everybody reads them here: on pages, in charts, reports and verdicts."""

THIN = "\u202f"  # a thin space that does not break: 26 907 stays on one line


def number(value: float) -> str:
    """A count with thin separators: 1 234 567."""
    return f"{round(value):,}".replace(",", THIN)


def count(value: int, one: str, many: str = "") -> str:
    """A count and its noun: "1 row", "2 465 rows"."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A share as a percentage with the digits that mean something: "81 %", "0.4 %"; never 100 % of less than all."""
    value = 100 * share
    if 0 < value < 0.05 or 99.95 <= value < 100:
        return f"{'<0.1' if value < 1 else '>99.9'}{THIN}%"
    digits = 1 if 0 < value < 1 or 99 < value < 100 else 0
    return f"{value:.{digits}f}{THIN}%"


def points(difference: float, *, plus: bool = True) -> str:
    """A difference of two shares in points of per cent, with its sign and a true minus: "+1.2", "−0.4"."""
    return signed(100 * difference, digits=1, plus=plus)


def signed(value: float, *, digits: int, plus: bool = True) -> str:
    """A number with its sign and a true minus; none where nothing but zeros is left of it.

    Args:
        value: the number.
        digits: after the point.
        plus: whether one that is above zero says so; the ends of an interval do not.
    """
    rounded = f"{value:+.{digits}f}".replace("-", "−")
    if not rounded.strip("+−0."):
        return rounded.lstrip("+−")
    return rounded if plus else rounded.removeprefix("+")
