"""Rows as a list in which what was looked for is marked."""

import re

import pandas as pd
import streamlit as st

from sentiment.data.search import Query, mark_matches
from ui import text
from ui.widgets import page_of_rows

PAGE = 20
_BEFORE, _AFTER = 160, 320  # characters of a long text around the first match
Parts = list[tuple[str, bool]]


def show_marked_rows(frame: pd.DataFrame, query: Query, *, key: str) -> None:
    """Draws rows, a page at a time, with every match marked and every text literal.

    Args:
        frame: columns row, text, label.
        query: what is marked.
        key: tells this list from others.
    """
    if frame.empty:
        st.markdown("No row.")
        return
    part = frame.iloc[page_of_rows(len(frame), key=f"page:{key}", size=PAGE)]
    lines = ["| Row | Text | Label |", "| ---: | :--- | :--- |"]
    for row, marked, label in zip(part["row"], mark_matches(part["text"].tolist(), query), part["label"], strict=True):
        name = "" if pd.isna(label) else text.literal(label, limit=30)
        lines.append(f"| {text.number(row + 1)} | {mark(marked)} | {name} |")
    with st.container(key=f"marked-{re.sub(r'[^a-z]', '', key)}"):
        st.markdown("\n".join(lines))


def mark(parts: Parts) -> str:
    """A text for Markdown with its marked parts on a coloured ground; a long one around the first of them."""
    return "".join(
        f":violet-background[{_inline(piece)}]" if hit and piece.strip() else _inline(piece)
        for piece, hit in _around_first(parts)
    )


def _around_first(parts: Parts) -> Parts:
    kept: Parts = []
    room = _AFTER
    first = next((place for place, (_, hit) in enumerate(parts) if hit), 0)
    for place, (piece, hit) in enumerate(parts):
        if place < first:
            if place == first - 1:
                kept.append((piece if len(piece) <= _BEFORE else "…" + piece[-_BEFORE:], hit))
            continue
        if len(piece) > room:
            kept.append((piece[:room] + "…", hit))
            break
        kept.append((piece, hit))
        room -= len(piece)
    return kept


def _inline(piece: str) -> str:
    """The piece, literal, with the space around it kept."""
    inside = text.paragraph(piece, limit=1_000)
    before = " " if piece[:1].isspace() else ""
    after = " " if piece[-1:].isspace() and inside else ""
    return f"{before}{inside}{after}"
