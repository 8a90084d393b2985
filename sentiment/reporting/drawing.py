"""Small pictures as inline SVG: they need no script, print sharp, and take the page's colours by class."""

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment.evaluation.calibration import Bin
from sentiment.numbers import number, percent
from sentiment.reporting.markup import Html, join, span, tag

_SIDE, _EDGE = 300.0, 42.0  # of a square chart, in its own units


@dataclass(frozen=True)
class Mark:
    """A point with its interval on a scale from 0 to 1.

    Attributes:
        value: where it is.
        low, high: its 95 % interval.
        style: the classes of the stylesheet that colour it.
        hollow: whether it is drawn as a ring.
    """

    value: float
    low: float
    high: float
    style: str
    hollow: bool = False


def strip(marks: Sequence[Mark], *, label: str, zero: float | None = None) -> Html:
    """Points with their intervals on one line, as wide as there is room; places are per cent of the width.

    Args:
        marks: the most important one first; it is drawn on top and larger.
        label: what is to be seen, for those who do not see it.
        zero: where to draw a line across.
    """
    lane = 14 if len(marks) > 1 else 0
    height = 26 + lane * (len(marks) - 1)
    rules = [
        tag("line", x1=_at(share), x2=_at(share), y1=0, y2=height, class_="rule") for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    if zero is not None:
        rules.append(tag("line", x1=_at(zero), x2=_at(zero), y1=0, y2=height, class_="zero"))
    drawn = []
    for place, mark in enumerate(marks):
        y, first = 13 + lane * place, place == 0
        drawn += [
            tag("line", x1=_at(mark.low), x2=_at(mark.high), y1=y, y2=y, class_=f"span{' main' if first else ''}"),
            tag("circle", cx=_at(mark.value), cy=y, r=7 if first else 4.5, class_=_dot(mark)),
        ]
    return tag(
        "svg", join(tag("title", label), *rules, *drawn), class_="strip", height=height, role="img", aria_label=label
    )


def axis() -> Html:
    """The scale of a strip, for the end of a column of them."""
    ticks = [tag("text", percent(share), x=_at(share), y=14, class_="tick middle") for share in (0.25, 0.5, 0.75)]
    first = tag("text", percent(0), x=0, y=14, class_="tick")
    last = tag("text", percent(1), x="100%", y=14, class_="tick end")
    return tag("svg", first, *ticks, last, class_="strip", height=20, aria_hidden="true")


def reliability(before: Sequence[Bin] | None, after: Sequence[Bin], *, label: str) -> Html:
    """How often the model is right against how sure it says to be, with the line on which both are the same.

    Args:
        before: before its temperature was taken into account; None where there is none.
        after: as its probabilities are now.
        label: what is to be seen, for those who do not see it.
    """
    parts: list[Html] = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = _y(share)
        parts += [
            tag("line", x1=_x(0), x2=_x(1), y1=y, y2=y, class_="rule"),
            tag("text", percent(share), x=_EDGE - 6, y=y + 4, class_="tick end"),
            _below(percent(share), _x(share)),
        ]
    parts.append(tag("line", x1=_x(0), y1=_y(0), x2=_x(1), y2=_y(1), class_="zero"))
    for bins, style in ((before or (), "before"), (after, "after")):
        if bins:
            line = " ".join(f"{_x(one.confidence):.1f},{_y(one.share):.1f}" for one in bins)
            parts.append(tag("polyline", points=line, class_=style))
        if style == "after":
            parts += [_upright(one) for one in bins]
        parts += [
            tag(
                "circle",
                tag("title", f"{number(one.n)} rows: {percent(one.confidence)} sure, {percent(one.share)} right"),
                cx=_x(one.confidence),
                cy=_y(one.share),
                r=4.5,
                class_=f"dot {style}",
            )
            for one in bins
        ]
    return _square(parts, label=label, across="how sure the model says to be", up="how often it is right")


def curve(
    sizes: Sequence[float], values: Sequence[tuple[float, float, float]], *, n_measured: int, label: str, style: str
) -> Html:
    """A figure with its interval against the number of labels, measured at first and foreseen after.

    Args:
        sizes: numbers of labels, ascending.
        values: value, low and high at each, in [0, 1].
        n_measured: how many of them were measured.
        label: what is to be seen, for those who do not see it.
        style: the classes of the stylesheet that colour it.
    """
    highest = max(sizes)
    xs = [_x(size / highest) for size in sizes]
    low = min(one[1] for one in values)
    high = max(one[2] for one in values)
    bottom = max(0.0, low - 0.05 * (high - low + 0.1))
    scale = max(high - bottom, 0.05)

    def place(value: float) -> float:
        return _y((value - bottom) / scale)

    band = [*zip(xs, (place(one[2]) for one in values), strict=True)]
    band += [*zip(reversed(xs), (place(one[1]) for one in reversed(values)), strict=True)]
    parts = [tag("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in band) + "Z", class_=f"band {style}")]
    for share in (0.0, 0.5, 1.0):
        y = _y(share)
        parts += [
            tag("line", x1=_x(0), x2=_x(1), y1=y, y2=y, class_="rule"),
            tag("text", percent(bottom + share * scale), x=_EDGE - 6, y=y + 4, class_="tick end"),
        ]
    for kind, part in (("", slice(0, n_measured)), (" dashed", slice(n_measured - 1, len(sizes)))):
        line = " ".join(f"{x:.1f},{place(one[0]):.1f}" for x, one in zip(xs[part], values[part], strict=True))
        parts.append(tag("polyline", points=line, class_=f"line {style}{kind}"))
    for i, (x, size, one) in enumerate(zip(xs, sizes, values, strict=True)):
        said = f"{number(size)} labels: {percent(one[0])} ({span(one[1:])})"
        ring = " ring" if i >= n_measured else ""
        parts.append(tag("circle", tag("title", said), cx=x, cy=place(one[0]), r=4.5, class_=f"dot {style}{ring}"))
        if i >= n_measured - 1:
            parts.append(_below(number(size), x))
    return _square(parts, label=label, across="labels", up="")


def _below(words: str, x: float) -> Html:
    """A word under the picture, in the middle of its place, or against the edge where that has no room."""
    inside = x < _x(1)
    return tag(
        "text", words, x=x if inside else _SIDE, y=_SIDE - _EDGE + 18, class_="tick middle" if inside else "tick end"
    )


def _upright(one: Bin) -> Html:
    """The interval of a bin's share."""
    x = _x(one.confidence)
    return tag("line", x1=x, x2=x, y1=_y(one.interval[0]), y2=_y(one.interval[1]), class_="span")


def _square(parts: Sequence[Html], *, label: str, across: str, up: str) -> Html:
    names = [tag("text", across, x=_x(1), y=_SIDE - 2, class_="tick end")]
    if up:
        names.append(tag("text", up, x=2, y=12, class_="tick"))
    return tag(
        "svg",
        join(tag("title", label), *parts, *names),
        class_="square",
        viewBox=f"0 0 {_SIDE:.0f} {_SIDE:.0f}",
        role="img",
        aria_label=label,
    )


def _dot(mark: Mark) -> str:
    return f"dot {mark.style}{' ring' if mark.hollow else ''}"


def _at(share: float) -> str:
    """A place on a strip: a little room on both sides, so that no point is cut."""
    return f"{2 + 96 * min(max(share, 0.0), 1.0):.2f}%"


def _x(share: float) -> float:
    return round(_EDGE + (_SIDE - _EDGE - 8) * share, 1)


def _y(share: float) -> float:
    return round(_SIDE - _EDGE - (_SIDE - _EDGE - 22) * share, 1)
