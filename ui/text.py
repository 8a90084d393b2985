"""Words and numbers as they appear on a page; everything that a user wrote is made inert here."""

import re
from collections.abc import Hashable, Iterable, Mapping
from datetime import datetime
from typing import TypeVar

from sentiment.errors import on_one_line
from sentiment.numbers import THIN as THIN
from sentiment.numbers import count as count
from sentiment.numbers import number as number
from sentiment.numbers import percent as percent

K = TypeVar("K", bound=Hashable)
_JOINER = "\u2060"  # no width, no break: keeps two characters from being read as one sign
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&\"'@/])")
# What is found in the text after Markdown was read, so that a backslash does not help: emoji and icon codes, addresses,
# arrows and dashes that would be drawn as one sign.
_SIGNS = re.compile(
    r"(?<=:)(?=[\w+/-]+:)|(?<=:)(?=//)|(?<=@)(?=\w)|(?<=[-<>=])(?=[-<>=])|(?<=\bwww)(?=\.)", re.IGNORECASE
)
_ESCAPED_SIGNS = re.compile(r"(?<=\\:)(?=[\w+/-])|(?<=\\@)|(?<=www)(?=\\\.)|(?<=-)(?=\\>)", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_RUNS_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)


def visible(text: object) -> str:
    """The text with each character that cannot be seen spelled out: a zero-width space becomes ⟨U+200B⟩.

    A joiner between two letters or emoji that need one (Persian, family emoji) stays as it is.
    """
    source = str(text)

    def spell(match: re.Match[str]) -> str:
        before = source[match.start() - 1] if match.start() else ""
        needed = match[0] in "\u200c\u200d" and before > "\u0590" and match.end() < len(source)
        return match[0] if needed else f"⟨U+{ord(match[0]):04X}⟩"

    return _INVISIBLE.sub(spell, source)


def isolated(text: str) -> str:
    """The text, kept from changing the order of what is written around it, whichever way it runs.

    Between U+2068 and U+2069 (Unicode Standard Annex 9), for places that can hold no element of their own.
    """
    return f"\u2068{text}\u2069" if _RUNS_LEFT.search(text) else text


def literal(text: object, *, limit: int = 120) -> str:
    """The text for a place that reads Markdown, so that it is shown as it was written and does nothing.

    Colour directives, formulas, emoji codes, links, images and HTML stay plain characters; line breaks become
    spaces; characters that cannot be seen are spelled out; beyond `limit` characters it is cut with an ellipsis. What
    runs from right to left leaves the sentence around it in its order.
    """
    return isolated(paragraph(text, limit=limit))


def paragraph(text: object, *, limit: int = 120) -> str:
    """As `literal`, for a place of its own, whose direction the text decides (see `widgets.let_texts_run`)."""
    line = shorten(visible(on_one_line(str(text))), limit)
    return _MARKDOWN.sub(r"\\\1", _SIGNS.sub(_JOINER, line))


def without_signs(markdown: str) -> str:
    """Markdown in which what was escaped is neither an address nor an emoji once it is drawn on a page."""
    return _ESCAPED_SIGNS.sub(_JOINER, markdown)


def shorten(text: str, limit: int) -> str:
    """The text, or its first `limit - 1` characters and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def distinct(titles: Mapping[K, str], *, limit: int = 60) -> dict[K, str]:
    """What to show for each thing to choose from: visible, shortened, and no two alike.

    Streamlit tells options apart by what it shows of them, so two of the same words would be one.
    """
    taken: set[str] = set()
    shown: dict[K, str] = {}
    for key, title in titles.items():
        short = candidate = shorten(visible(title), limit)
        copy = 1
        while candidate in taken:
            copy += 1
            candidate = f"{short} ({copy})"
        taken.add(candidate)
        shown[key] = candidate
    return shown


def thin(sentence: str) -> str:
    """A sentence of the product's own with the separators that pages use: "2 465 rows" for "2,465 rows"."""
    return _THOUSANDS.sub(THIN, sentence)


def points(interval: Iterable[float]) -> str:
    """An interval of shares, in per cent: "77 to 84 %"."""
    low, high = interval
    return f"{100 * low:.0f} to {100 * high:.0f}{THIN}%"


def size(n_bytes: int) -> str:
    """A file size: "940 kB", "5.2 MB"."""
    if n_bytes < 1_000_000:
        return f"{max(1, round(n_bytes / 1000))} kB"
    return f"{n_bytes / 1_000_000:.1f} MB"


def duration(seconds: float) -> str:
    """A length of time in words, as fine as anybody needs: "8 s", "1 min 20 s", "2 h 5 min"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 10:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def time_range(low: float, high: float) -> str:
    """An estimate as a range, rounded to what an estimate can know: "20 to 50 s", "2 to 4 min"."""
    if high < 90:
        low, high = max(5, round(low / 5) * 5), max(10, round(high / 5) * 5)
        return f"about {low:.0f} s" if low >= high else f"{low:.0f} to {high:.0f} s"
    unit, name = (60, "min") if high < 5400 else (3600, "h")
    low_units, high_units = max(1, round(low / unit)), max(1, round(high / unit))
    return f"about {low_units} {name}" if low_units == high_units else f"{low_units} to {high_units} {name}"


def date(moment: str) -> str:
    """A stored moment (ISO 8601) as a reader's date: "23 Nov 2026, 10:31"; what is no moment comes back as it is."""
    try:
        when = datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return moment
    return f"{when.day} {when:%b %Y, %H:%M}"


def day_or_time(moment: str) -> str:
    """A stored moment as short as it can be told: "10:31" today, "23 Nov" this year, else "23 Nov 2025"."""
    try:
        when = datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return moment
    now = datetime.now().astimezone()
    if when.date() == now.date():
        return f"{when:%H:%M}"
    return f"{when.day} {when:%b}" if when.year == now.year else f"{when.day} {when:%b %Y}"


def listing(words: Iterable[str], *, last: str = "and", limit: int = 8) -> str:
    """Words as a list in a sentence: "a, b and c"; past `limit` words, how many more there are."""
    items = list(words)
    if len(items) > limit:
        items = [*items[: limit - 1], f"{number(len(items) - limit + 1)} more"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""
