"""HTML put together so that nothing that came from a file is ever read as HTML."""

import html
import json
import re
from typing import Any

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_EMPTY = ("meta", "input")


class Html(str):
    """Markup that is ready; any other string is text, and is escaped when it is put into an element."""

    __slots__ = ()


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element.

    Args:
        name: of the element.
        *children: `Html`, text, or None for nothing.
        **attributes: a trailing underscore is dropped and others become hyphens (`class_`, `data_true`); None and
            False leave the attribute out, True sets it without a value.
    """
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    inside = join(*children)
    return Html(f"<{name}{said}>" if name in _EMPTY else f"<{name}{said}>{inside}</{name}>")


def join(*children: object) -> Html:
    """Children one after the other, texts escaped."""
    parts = (child if isinstance(child, Html) else escape(child) for child in children if child is not None)
    return Html("".join(parts))


def escape(text: object) -> str:
    """Text for the inside of an element or an attribute; characters that cannot be seen are spelled out."""
    return html.escape(visible(str(text)), quote=True)


def visible(text: str) -> str:
    """The text with each character that would be invisible, or turn the direction of others, as ⟨U+200B⟩."""
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def foreign(text: object, *, name: str = "span") -> Html:
    """Text that somebody wrote, in its own direction, which does not spill over to what stands beside it."""
    return tag(name, text, dir="auto", class_="own")


def data_block(name: str, value: Any) -> Html:
    """JSON in a block that no browser runs, for a script to read."""
    source = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign, code in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        source = source.replace(sign, code)
    return Html(f'<script type="application/json" id="{name}">{source}</script>')


def span(interval: Any) -> str:
    """An interval of shares, in per cent: "77 to 84"."""
    low, high = interval
    return f"{100 * low:.0f} to {100 * high:.0f}"
