"""One colour per class, everywhere and always, safe for the colour-blind."""

import re
from collections.abc import Iterable, Mapping

ACCENT = "#6C4AB6"  # the interface's own colour: no class has it

_SENTIMENT = {"negative": "#D55E00", "neutral": "#8A8F98", "positive": "#0072B2"}
_ALIASES = {
    "neg": "negative",
    "negativ": "negative",
    "bad": "negative",
    "neu": "neutral",
    "neutr": "neutral",
    "mixed": "neutral",
    "pos": "positive",
    "positiv": "positive",
    "good": "positive",
}
# Okabe & Ito's set without the three above and without yellow, which vanishes on white.
_FURTHER = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#7A5C00", "#004D66", "#A33B20", "#5B6C2F")


def sentiment_of(name: str) -> str | None:
    """The sentiment that a class's name means ("negative" for " NEG"), or None if it means none of the three."""
    key = name.strip().casefold()
    key = _ALIASES.get(key, key)
    return key if key in _SENTIMENT else None


def _number(name: str) -> float | None:
    return float(name) if re.fullmatch(r"\s*[-+]?\d{1,15}(\.\d{1,6})?\s*", name) else None


def order_classes(classes: Iterable[str]) -> list[str]:
    """Class names in reading order: negative, neutral, positive; then numbers by value; then the rest by name."""
    rank = {name: position for position, name in enumerate(_SENTIMENT)}

    def key(name: str) -> tuple[int, float, str]:
        sentiment, number = sentiment_of(name), _number(name)
        if sentiment is not None:
            return 0, rank[sentiment], name
        return (1, number, name) if number is not None else (2, 0.0, name)

    return sorted(set(classes), key=key)


def assign_colours(classes: Iterable[str]) -> dict[str, str]:
    """A colour (`#RRGGBB`) for each class, the same for the same set of classes in any order.

    Negative, neutral and positive have fixed colours; further classes take the rest of the palette in reading
    order, and start over when it is used up.
    """
    ordered = order_classes(classes)
    colours: dict[str, str] = {}
    for name in ordered:
        sentiment = sentiment_of(name)
        if sentiment is not None and _SENTIMENT[sentiment] not in colours.values():
            colours[name] = _SENTIMENT[sentiment]
        else:
            colours[name] = _FURTHER[len(colours) % len(_FURTHER)]
    return colours


def add_colours(colours: Mapping[str, str], classes: Iterable[str]) -> dict[str, str]:
    """A colour for each class, where classes that have one in `colours` keep it.

    A further class takes the colour that its sentiment has, if no class has it, or the first of the palette that is
    free; once all are taken they start over.
    """
    ordered = order_classes(classes)
    found = {name: colours[name] for name in ordered if name in colours}
    for name in ordered:
        if name not in found:
            own = _SENTIMENT.get(sentiment_of(name) or "")
            taken = set(found.values())
            free = [colour for colour in _FURTHER if colour not in taken]
            found[name] = own if own and own not in taken else free[0] if free else _FURTHER[len(found) % len(_FURTHER)]
    return {name: found[name] for name in ordered}
