"""What people said of rows, as lines for an export: one per row and person, and one per settlement.

The words of a line's status: "labeled" or "cleared" for an opinion, "settled" for a settlement, "file" or "unlabeled"
where the line holds no opinion; then "skipped", "flagged", "excluded" where this person did that.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from sentiment.labels.classes import Classes
from sentiment.labels.derive import latest_opinions
from sentiment.labels.reports import active_by_row
from sentiment.labels.source import Source

LINE_COLUMNS = ("row", "label", "who", "when", "how", "status", "note")


def lines_table(connection: Connection, dataset_id: str, classes: Classes, *, source: Source) -> pd.DataFrame:
    """The lines of all rows that somebody said something of: `LINE_COLUMNS`, ordered by row, then by time.

    `label` is missing where there is none; `when` is ISO 8601 in UTC.
    """
    active = active_by_row(connection, dataset_id)
    names = classes.renamed()
    labels = {
        row: None if label is None else names.get(label, label) for row, label in _file(source, dataset_id, active)
    }
    found = [line for row, events in active.items() for line in _lines_of_row(row, events, classes, labels[row])]
    frame = pd.DataFrame(found, columns=list(LINE_COLUMNS))
    return frame.astype({"row": "int64", **dict.fromkeys(LINE_COLUMNS[1:], "str")})


def _file(source: Source, dataset_id: str, active: dict[int, list[Any]]) -> list[tuple[int, str | None]]:
    return list(source.labels(dataset_id, list(active)).items())


def _lines_of_row(
    row: int, events: Sequence[Any], classes: Classes, file_label: str | None
) -> list[tuple[int, str | None, str, str, str, str, str]]:
    opinions = latest_opinions(events)
    settled = next((event for event in reversed(events) if event.kind == "settle"), None)
    lines = []
    for who in dict.fromkeys([*opinions, *(event.who for event in events)]):
        mine, opinion = [event for event in events if event.who == who], opinions.get(who)
        words = _words(events, who)
        note = "\n".join(event.text for event in mine if event.kind == "note")
        said = [event for event in mine if event.kind in ("skip", "flag", "exclude", "note")]
        if opinion is not None:
            status = "labeled" if opinion.kind == "label" else "cleared"
            lines.append((opinion, classes.name(opinion.class_id), status, words, note))
        elif words or note:
            lines.append((said[-1], file_label, "unlabeled" if file_label is None else "file", words, note))
    if settled is not None and settled.class_id is not None:
        lines.append((settled, classes.name(settled.class_id), "settled", [], ""))
    return [
        (row, label, event.who, event.at.isoformat(), event.how, " ".join([status, *words]), note)
        for event, label, status, words, note in lines
    ]


def _words(events: Sequence[Any], who: str) -> list[str]:
    """What is true of the row by this person's doing."""
    own = [event.kind for event in events if event.who == who and event.kind in ("label", "clear", "skip")]
    words = ["skipped"] if own[-1:] == ["skip"] else []
    for word, on, off in (("flagged", "flag", "unflag"), ("excluded", "exclude", "include")):
        last = next((event for event in reversed(events) if event.kind in (on, off)), None)
        if last is not None and last.kind == on and last.who == who:
            words.append(word)
    return words
