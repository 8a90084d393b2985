"""How every figure looks, and how a user's words are put into one.

Show a figure with `st.plotly_chart(figure, theme="streamlit")`, which brings the page's fonts; with theme=None plotly's
own would stay. Backgrounds are transparent, and marks use colours that read on white and on near-black alike. Text is a
strong colour where a figure is told `dark` (on a page: `st.context.theme.type == "dark"`); told nothing, it is left to
Streamlit's theme, whose text in charts is a middle grey, or outside Streamlit to a grey that reads on both.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

import plotly.graph_objects as go

from sentiment.numbers import THIN as THIN
from sentiment.numbers import number as number
from sentiment.numbers import percent as percent
from sentiment.palette import ACCENT

INK = "#717782"  # contrast above 4 on white and on Streamlit's dark background alike
FAINT = "rgba(128, 134, 145, 0.22)"
CLEAR = "rgba(0, 0, 0, 0)"
TEXT = {False: "#262A33", True: "#F2F3F5"}  # by dark
ACCENTS = {False: ACCENT, True: "#A890EA"}  # on near-black the accent itself is too dim for a line
TITLE_WIDTH = 40  # characters of a title line that fit a phone

_RUNS_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATED = (
    "\ufdd0\ufdd1"  # noncharacters, which stand for U+2068 and U+2069 until `literal` has spelled out all others
)
_MARKS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "#": "&#35;", "{": "&#123;", "}": "&#125;"}
_MARKS |= dict(zip(_ISOLATED, "\u2068\u2069", strict=True))


def template() -> go.layout.Template:
    """The one plotly template of all figures."""
    axis = {
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
        "gridcolor": FAINT,
        "ticks": "",
        "tickfont": {"size": 13},
    }
    return go.layout.Template(
        layout=go.Layout(
            font={"color": INK, "size": 13, "family": "Source Sans, Source Sans Pro, sans-serif"},
            paper_bgcolor=CLEAR,
            plot_bgcolor=CLEAR,
            separators=f".{THIN}",
            xaxis=axis,
            yaxis=axis,
            hoverlabel={"align": "left", "font": {"size": 13}},
            showlegend=False,
        )
    )


def finish(figure: go.Figure, *, title: str, height: int, dark: bool | None) -> go.Figure:
    """The figure with the template, its title (plain text, wrapped for a phone), its height in pixels and its ink.

    What Streamlit's theme would otherwise replace (margins, backgrounds, the title's size) is set on the figure.
    """
    lines = _balanced(title, TITLE_WIDTH)
    figure.update_layout(
        template=template(),
        title={
            "text": "<br>".join(literal(line) for line in lines),
            "font": {"size": 16},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            # plotly anchors the top of one line, but the baseline of the first of several
            "pad": {"t": 8 if len(lines) == 1 else 19, "l": 2},
        },
        height=height + 21 * (len(lines) - 1),
        margin={"l": 4, "r": 12, "t": 26 + 21 * len(lines), "b": 8, "pad": 4},
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        dragmode=False,
        hovermode="closest",
    )
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    if dark is not None:
        ink = {"color": TEXT[dark]}
        figure.update_layout(font=ink, title_font=ink, legend_font=ink)
        figure.update_xaxes(tickfont=ink, title_font=ink)
        figure.update_yaxes(tickfont=ink, title_font=ink)
    return figure


def accent(dark: bool | None) -> str:
    """The interface's own colour, as it reads on the background."""
    return ACCENTS[bool(dark)]


def literal(text: str) -> str:
    """`text` so that plotly shows its very characters: no tag, entity, formula or template in it has an effect.

    Line breaks and tabs become spaces; characters that cannot be seen (control, direction and zero-width ones) are
    shown by their number, such as ‹U+202E›, except the joiner inside an emoji. What runs from right to left does so by
    itself, and leaves what stands around it in its order.
    """
    shown = "".join(_literal(character) for character in _visible(text))
    return f"\u2068{shown}\u2069" if _RUNS_LEFT.search(shown) and _ISOLATED[0] not in text else shown


def isolated(name: str) -> str:
    """The visible form of a name for a line with other words, whose order it leaves alone; not yet literal."""
    seen = _visible(name)
    return f"{_ISOLATED[0]}{seen}{_ISOLATED[1]}" if _RUNS_LEFT.search(seen) else seen


def _visible(text: str) -> str:
    flat = re.sub(r"[ \t\r\n\f\v\x85\u2028\u2029]+", " ", str(text)).strip() or "(blank)"
    return "".join(
        f"‹U+{ord(character):04X}›"
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") and character not in "\u200d\u200c\u2060"
        else character
        for character in flat
    )


def _literal(character: str) -> str:
    return _MARKS.get(character, character)


def _columns(text: str) -> int:
    """How many columns wide a text is; East Asian characters and emoji take two."""
    return sum(
        0 if unicodedata.combining(c) or c in "\u200d\ufe0f" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _cut(text: str, width: int) -> str:
    used, kept = 0, []
    for character in text:
        used += _columns(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept).rstrip("\u200d\ufe0f ")


def shorten(text: str, width: int) -> str:
    """The visible form of `text` in at most `width` columns, with "…" if it was cut; not yet literal."""
    seen = _visible(text)
    return seen if _columns(seen) <= width else _cut(seen, width - 1) + "…"


def short_names(names: Sequence[str], width: int) -> list[str]:
    """Literal labels of at most `width` columns, one for each name, all different where the names are.

    Long names that would look the same leave out the beginning that they share.
    """
    seen = [_visible(name) for name in names]
    short = [shorten(name, width) for name in seen]
    for label in {label for label in short if short.count(label) > 1}:
        alike = [i for i, other in enumerate(short) if other == label]
        shared = _shared([seen[i] for i in alike])
        for i in (i for i in alike if short[i] != seen[i]):
            short[i] = shorten("…" + seen[i][max(shared - 3, 0) :], width)
    used: Counter[str] = Counter()
    for i, label in enumerate(short):
        used[label] += 1
        if used[label] > 1:
            short[i] = f"{_cut(label, width - 5)}…({used[label]})"
    return [literal(label) for label in short]


def _shared(texts: Sequence[str]) -> int:
    """The length of the beginning that all texts share."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(min(texts), max(texts), strict=False)))


def wrap(text: str, width: int) -> list[str]:
    """The lines of `text`, broken between words at `width` columns, and within a word that is longer than a line."""
    lines = [""]
    for word in _visible(text).split(" "):
        while _columns(word) > width:
            head = _cut(word, width) or word[0]
            lines.append(head)
            word = word[len(head) :]
        if lines[-1] and _columns(lines[-1]) + 1 + _columns(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return [line for line in lines if line] or [""]


def _balanced(text: str, width: int) -> list[str]:
    """As few lines as `wrap` makes, as equally long as their words allow: no last line of one word."""
    lines = wrap(text, width)
    narrowest = max(-(-_columns(" ".join(lines)) // len(lines)), *(_columns(word) for word in _visible(text).split()))
    return next(found for w in range(min(narrowest, width), width + 1) if len(found := wrap(text, w)) == len(lines))


def hover(*lines: str) -> str:
    """A hover text of plain lines, each wrapped, every character literal."""
    return "<br>".join(literal(part) for line in lines for part in wrap(line, 52)[:8])


def see_through(colour: str, alpha: float) -> str:
    """`colour` (#RRGGBB) as rgba with the given opacity."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha:.3f})"


def labels_trace(x: Sequence[float], y: Sequence[float], text: Sequence[str], **settings: object) -> go.Scatter:
    """Text at places of a chart, in the theme's own colour, that no click or hover meets and no selection fades.

    `text` must be literal already.
    """
    return go.Scatter(
        x=list(x),
        y=list(y),
        text=list(text),
        mode="text",
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
        selected={"textfont": {"color": INK}},  # its presence keeps unselected text from fading
        **settings,
    )
