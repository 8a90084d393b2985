"""One line of a file of labels, and whether it fits a dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pandas as pd

from sentiment.data import Dataset
from sentiment.data.cells import has_surrogate
from sentiment.errors import DataError
from sentiment.labels.classes import clean_class_name
from sentiment.labels.schema import CLASS_CHARS
from sentiment.numbers import number

_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one line of a file says.

    Attributes:
        number: which line (or task, or record) it is, counted from 1.
        row: zero-based row of the imported file; -1 where the line tells only the text.
        text: the text, if the line tells it.
        label: the label; None for none.
        who: the person; "" if nobody is named.
        at: when; None if the line does not say.
        how: typed, bulk, and so on; "" if the line does not say.
        status: words (see `lines`).
        note: a note; "" for none.
        fault: what is wrong with it, in words; "" for nothing.
    """

    number: int
    row: int = -1
    text: str | None = None
    label: str | None = None
    who: str = ""
    at: datetime | None = None
    how: str = ""
    status: tuple[str, ...] = ()
    note: str = ""
    fault: str = ""

    @property
    def states_label(self) -> bool:
        """Whether its label is somebody's, and not only what the file said before."""
        return "labeled" in self.status or "settled" in self.status


def make_line(number: int, values: dict[str, str], *, fault: str = "") -> Line:
    """A line from its columns; those that are missing are empty. What is wrong with it already is its `fault`."""
    label = values.get("label") or None
    row, when = values.get("row", "").strip(), values.get("when", "").strip()
    status = tuple(values.get("status", "").split()) or (("labeled",) if label else ("unlabeled",))
    note = values.get("note", "").replace("\0", "")  # which the store would leave out
    at = None
    if when:
        try:
            at = datetime.fromisoformat(when)
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # Overflow: before the year 1 or after 9999 in UTC
            fault = f"the time “{when[:40]}”"
    if row and not (row.isascii() and row.isdigit() and len(row) < 16):
        fault = f"the row “{row[:20]}”"
    if label is None and not fault and ("labeled" in status or "settled" in status):
        fault = "no label, though its status says so"
    broken = next((column for column, value in values.items() if has_surrogate(value)), None)
    if broken is not None:
        fault = f"half of a character (a lone surrogate) in its {'' if has_surrogate(broken) else broken}".rstrip()
    return Line(
        number=number,
        row=int(row) if row and not fault else -1,
        text=values.get("text") or None,
        label=label,
        who=values.get("who", "").strip(),
        at=at,
        how=values.get("how", "").strip(),
        status=status,
        note=note if note.strip() else "",
        fault=fault,
    )


def check_lines(lines: Sequence[Line], dataset: Dataset, *, classes: set[str], add_classes: bool) -> list[Line]:
    """The lines, each with its row and its class; a line that tells only a text stands for every row with that text.

    Args:
        lines: as they were read.
        dataset: the dataset.
        classes: names of its classes; a label that is none of them is cleaned as the name of a class would be.
        add_classes: whether labels may be new classes.

    Raises:
        DataError: naming the lines that do not fit the dataset.
    """
    texts = dict(zip(dataset.frame["row"].tolist(), dataset.frame["text"].map(_plain).tolist(), strict=True))
    by_text: dict[str, list[int]] = {}
    if any(line.row < 0 and not line.fault for line in lines):
        for row, text in texts.items():
            by_text.setdefault(text, []).append(row)
    faults: dict[str, list[int]] = {}
    found = []
    for given in lines:
        line = replace(given, label=_class_of(given.label, classes)) if given.states_label else given
        rows = [line.row] if line.row >= 0 else by_text.get(_plain(line.text), []) if line.text else []
        if fault := _fault(line, rows, texts, classes=classes, add_classes=add_classes):
            faults.setdefault(fault, []).append(line.number)
        found += [replace(line, row=row) for row in rows]
    if faults:
        raise _faulty(faults)
    return found


def _fault(line: Line, rows: Sequence[int], texts: dict[int, str], *, classes: set[str], add_classes: bool) -> str:
    """What is wrong with a line, in words; "" for nothing."""
    if line.fault:
        return line.fault
    if not rows:
        return "a text that the dataset does not have" if line.text else "neither a row nor a text"
    if any(row not in texts for row in rows):
        return f"the row {rows[0]}, which the dataset does not have"
    if line.text is not None and line.row >= 0 and _plain(line.text) != texts[line.row]:
        return "another text than this row of the dataset"
    if line.label is None or not line.states_label or line.label in classes:
        return ""
    if not add_classes:
        return f"the label “{line.label[:40]}”, which is no class of the dataset"
    return "" if 0 < len(line.label) <= CLASS_CHARS else f"a label without 1 to {CLASS_CHARS} visible characters"


def _class_of(label: str | None, classes: set[str]) -> str | None:
    """The class that a label names, or the name of a new one; "" if nothing of it can be seen."""
    return label if label is None or label in classes else clean_class_name(label)


def _faulty(faults: dict[str, list[int]]) -> DataError:
    parts = []
    for fault, numbers in list(faults.items())[:_NAMED]:
        named = ", ".join(map(number, numbers[:_NAMED]))
        more = f" and {number(len(numbers) - _NAMED)} more" if len(numbers) > _NAMED else ""
        parts.append(f"row{'s' if len(numbers) > 1 else ''} {named}{more}: {fault}")
    more = f"; and {number(len(faults) - _NAMED)} other faults" if len(faults) > _NAMED else ""
    return DataError(
        f"The file of labels does not fit the dataset; nothing was imported. In its {'; '.join(parts)}{more}",
        expected="Rows and classes of this dataset (rows of the file of labels are counted from 1 here)",
        todo="Correct the file, or add the classes first",
    )


def _plain(text: str) -> str:
    """A text as it is compared: spreadsheets change white space, and an export to them adds an apostrophe."""
    return " ".join(text.split()).removeprefix("'") if not pd.isna(text) else ""
