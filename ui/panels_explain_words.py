"""Words with their scores, drawn over the text and as a list. Every word is escaped: whatever it holds does nothing."""

from collections.abc import Mapping, Sequence
from html import escape
from math import exp

import streamlit as st

from sentiment.figures.theme import see_through
from sentiment.numbers import signed
from ui import text as words_of
from ui.text import visible
from ui.widgets import is_dark

Scored = Sequence[tuple[int, int, float]]  # start, end, score
_INK = {False: "#3D4350", True: "#C6CAD3"}  # by dark
_FULL, _LEAST = 2.0, 0.12  # log-odds from which a word has its full strength, and below which it has none
_SHOWN = 12  # words of the list
_BOX = "border:1px solid {line};border-radius:.5rem;padding:.7rem .9rem;"


def show_text(text: str, words: Scored, *, target: str, colour: str) -> None:
    """Draws a text in which each word is filled where it speaks for the class, and outlined where against it."""
    st.html(text_html(text, words, target=target, colour=colour, dark=is_dark()))


def text_html(text: str, words: Scored, *, target: str, colour: str, dark: bool) -> str:
    """The text as HTML in which nothing that it holds is markup; its words carry their scores as titles."""
    parts, place = [], 0
    for start, end, score in words:
        parts.append(escape(visible(text[place:start])))
        parts.append(_word_html(text[start:end], score, target=target, colour=colour, dark=dark))
        place = end
    parts.append(escape(visible(text[place:])))
    line = see_through(_INK[dark], 0.3)
    style = _BOX.format(line=line) + "font-size:1.12rem;line-height:2;white-space:pre-wrap;overflow-wrap:anywhere;"
    return f'<div class="explained" dir="auto" style="{style}unicode-bidi:plaintext">{"".join(parts)}</div>'


def _word_html(word: str, score: float, *, target: str, colour: str, dark: bool) -> str:
    shown = escape(visible(word))
    strength = min(1.0, abs(score) / _FULL)
    if abs(score) < _LEAST:
        return f'<span title="{escape(_meaning(score, target))}">{shown}</span>'
    if score > 0:
        look = f"background:{see_through(colour, 0.12 + 0.5 * strength)};"
    else:
        look = f"box-shadow:inset 0 0 0 {1 + strength:.1f}px {see_through(_INK[dark], 0.3 + 0.6 * strength)};"
    return (
        f'<span title="{escape(_meaning(score, target))}" '
        f'style="{look}border-radius:.3rem;padding:.1rem .18rem;box-decoration-break:clone">{shown}</span>'
    )


def _meaning(score: float, target: str) -> str:
    """A score in words that need no statistics."""
    if abs(score) < 0.05:
        return f"{signed(score, digits=2)}: hardly changes the odds of {target}"
    factor = exp(min(abs(score), 20.0))
    times = f"{factor:.1f}" if factor < 10 else words_of.number(factor)
    return f"{signed(score, digits=2)}: {'multiplies' if score > 0 else 'divides'} the odds of {target} by {times}"


def show_list(text: str, words: Scored, *, blank: float, colour: str) -> None:
    """Draws the words that count most as a list of bars with numbers, which needs no colour to be read."""
    ranked = sorted(words, key=lambda word: -abs(word[2]))[:_SHOWN]
    ranked = [word for word in ranked if word[2]]
    rest = sum(score for *_, score in words) - sum(score for *_, score in ranked)
    lines = [(visible(text[start:end]), score) for start, end, score in ranked]
    if len(words) > len(ranked) and abs(rest) >= 0.005:
        lines.append((f"({words_of.count(len(words) - len(ranked), 'other word')})", rest))
    st.html(list_html([("(before any word)", blank), *lines], colour=colour, dark=is_dark()))


def list_html(lines: Sequence[tuple[str, float]], *, colour: str, dark: bool) -> str:
    """Words and scores as rows with a bar from the middle: to the right for the class, to the left against it."""
    reach = max([1.0, *(abs(score) for _, score in lines)])
    rows = "".join(_line_html(word, score, reach, colour=colour, dark=dark) for word, score in lines)
    return f'<div role="list" style="display:grid;gap:.3rem;font-size:.95rem">{rows}</div>'


def _line_html(word: str, score: float, reach: float, *, colour: str, dark: bool) -> str:
    width = 50 * min(1.0, abs(score) / reach)
    against = f"right:50%;box-shadow:inset 0 0 0 1.5px {see_through(_INK[dark], 0.7)}"
    side = f"left:50%;background:{colour}" if score > 0 else against
    middle = see_through(_INK[dark], 0.35)
    track = f"background:linear-gradient({middle},{middle}) center/1px 100% no-repeat"
    bar = f"position:absolute;top:0;height:100%;width:{width:.1f}%;{side};border-radius:.2rem"
    return (
        '<div role="listitem" style="display:grid;grid-template-columns:minmax(0,9rem) 1fr 3.6rem;gap:.6rem;'
        'align-items:center">'
        f'<bdi style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap" title="{escape(word)}">'
        f"{escape(word)}</bdi>"
        f'<span aria-hidden="true" style="position:relative;height:.9rem;{track}">'
        f'<span style="{bar}"></span></span>'
        f'<span style="text-align:right;font-variant-numeric:tabular-nums">{signed(score, digits=2)}</span></div>'
    )


def show_probs(probs: Mapping[str, float], colours: Mapping[str, str], *, prediction: str) -> None:
    """Draws the probability of each class as a bar with its number."""
    line = see_through(_INK[is_dark()], 0.12)
    rows = "".join(
        '<div role="listitem" style="display:grid;grid-template-columns:minmax(0,5.5rem) 1fr 3.2rem;gap:.6rem;'
        f'align-items:center;font-weight:{650 if name == prediction else 400}">'
        f'<bdi style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap" title="{escape(visible(name))}">'
        f"{escape(visible(name))}</bdi>"
        f'<span aria-hidden="true" style="height:.9rem;border-radius:.2rem;background:{line}">'
        f'<span style="display:block;height:100%;width:{100 * share:.1f}%;border-radius:.2rem;'
        f'background:{colours.get(name, _INK[is_dark()])}"></span></span>'
        f'<span style="text-align:right">{words_of.percent(share)}</span></div>'
        for name, share in probs.items()
    )
    st.html(f'<div role="list" style="display:grid;gap:.35rem">{rows}</div>')


def edit_html(text: str, edits: Sequence[tuple[int, int, str]], *, dark: bool) -> str:
    """A text in which what is taken out is struck through and what comes in its place is underlined."""
    parts, place = [], 0
    for start, end, instead in edits:
        parts.append(escape(visible(text[place:start])))
        parts.append(f'<del style="opacity:.65">{escape(visible(text[start:end]))}</del>')
        if instead:
            parts.append(f' <ins style="font-weight:650;text-underline-offset:.2em">{escape(visible(instead))}</ins>')
        place = end
    parts.append(escape(visible(text[place:])))
    style = (
        _BOX.format(line=see_through(_INK[dark], 0.3)) + "line-height:1.7;white-space:pre-wrap;overflow-wrap:anywhere;"
    )
    return f'<div dir="auto" style="{style}unicode-bidi:plaintext">{"".join(parts)}</div>'
