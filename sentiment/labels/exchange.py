"""Labels in and out: CSV, JSONL and Parquet, and the forms that Label Studio, Argilla and doccano import."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment.access import Role, require
from sentiment.data import Dataset
from sentiment.data.sniffing import display_name
from sentiment.errors import DataError, UsageError
from sentiment.files import write_atomic
from sentiment.labels import exchange_forms, exchange_tables
from sentiment.labels.events import NewEvent, checked_person, new_key
from sentiment.labels.exchange_lines import Line, check_lines
from sentiment.labels.schema import WAYS
from sentiment.labels.store import LabelStore

COLUMNS = ("row", "text", "label", "who", "when", "how", "status", "note")
ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet", ".json": "label-studio"}
FORMS = ("csv", "jsonl", "parquet", "label-studio", "argilla", "doccano")


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        n_lines: statements in the file.
        n_events: events that were stored.
        n_unchanged: statements that said what was known already.
        new_classes: classes that were added.
    """

    n_lines: int
    n_events: int
    n_unchanged: int
    new_classes: tuple[str, ...]


def export_table(store: LabelStore, dataset: Dataset) -> pd.DataFrame:
    """The labels of a dataset as a table.

    Args:
        store: the label store.
        dataset: the dataset as it was imported.

    Returns:
        Columns `COLUMNS`, all but row strings and empty rather than missing. A row that nobody said anything of has
        one line, with the label of the file; others one for each person and settlement (see `lines`).
    """
    said = store.lines(dataset.id)
    names = {found.file_name: found.name for found in store.all_classes(dataset.id) if found.file_name}
    names |= store.overlay(dataset.id).names
    texts = dataset.frame.set_index("row")["text"]
    silent = dataset.frame[~dataset.frame["row"].isin(said["row"])]
    labels = silent["label"].map(lambda label: names.get(label, label), na_action="ignore").astype("str")
    untouched = pd.DataFrame({"row": silent["row"], "text": silent["text"], "label": labels})
    untouched["status"] = labels.isna().map({True: "unlabeled", False: "file"}).astype("str")
    lines = pd.concat([said.assign(text=said["row"].map(texts)), untouched])
    ordered = lines.sort_values("row", kind="stable", ignore_index=True)[list(COLUMNS)]
    return ordered.fillna(dict.fromkeys(COLUMNS[1:], ""))


def export_labels(store: LabelStore, dataset: Dataset, *, form: str) -> bytes:
    """The labels of a dataset as a file in one of `FORMS` (see `export_table`).

    In CSV a text that a spreadsheet program would take for a formula is preceded by an apostrophe.

    Raises:
        UsageError: for another form.
    """
    _check_form(form)
    table = export_table(store, dataset)
    if form in exchange_tables.WRITERS:
        return exchange_tables.WRITERS[form](table)
    return exchange_forms.WRITERS[form](table)


def import_labels(
    store: LabelStore,
    dataset: Dataset,
    content: bytes,
    *,
    name: str,
    who: str,
    form: str | None = None,
    add_classes: bool = False,
) -> Imported:
    """Stores what a file says of the labels of a dataset, all of it or, if something does not fit, nothing.

    What the file says of the status (skipped, flagged, excluded, settled), and who, when and how, is taken over. A
    statement that holds already is not stored again, so that importing a file twice changes nothing.

    Args:
        store: the label store.
        dataset: the dataset as it was imported.
        content: the file.
        name: its name. Without `form`, its ending and what its records hold tell the form.
        who: the person for lines that name none.
        form: one of `FORMS`; a table of JSON whose records are of another form is read as they are.
        add_classes: whether labels that are no classes yet become some; otherwise they are a mistake. A retired class
            is one of the dataset, and surrounding or doubled white space makes no other label.

    Raises:
        AccessError: if the one who acts is no owner.
        UsageError: for another form.
        DataError: naming the lines whose row, text, label or time does not fit.
    """
    require(Role.OWNER, doing="import labels")
    classes = {found.name for found in store.all_classes(dataset.id) if found.merged_into is None}
    lines = check_lines(_lines(content, name, form), dataset, classes=classes, add_classes=add_classes)
    wanted = dict.fromkeys(line.label for line in lines if line.label and line.states_label)
    new_classes = tuple(label for label in wanted if label not in classes)
    people = {name: checked_person(name or who) for name in {line.who for line in lines}}
    known, step = _known(store, dataset), new_key()
    in_time = sorted(lines, key=lambda line: line.at or datetime.max.replace(tzinfo=UTC))
    stated = [event for line in in_time for event in _events(line, who=people[line.who], step=step)]
    new = []
    for event in stated:
        if (said := _statement(event)) not in known:
            new.append(event)
            known |= {said} if event.kind == "note" else set()  # a later label may well be the first one again
    store.append(dataset.id, new, on_behalf=True, new_classes=dict.fromkeys(new_classes, who))
    return Imported(len(lines), len(new), len(stated) - len(new), new_classes)


def write_labels(store: LabelStore, dataset: Dataset, path: Path, *, form: str | None = None) -> None:
    """Writes `export_labels` to a file, whole or not at all; its ending names the form if `form` does not.

    Raises:
        UsageError: for a form that there is not.
        OSError: if it cannot be written.
    """
    write_atomic(path, export_labels(store, dataset, form=form or form_of(path.name)))


def form_of(name: str) -> str:
    """The form that the ending of a file's name stands for.

    Raises:
        UsageError: if it stands for none.
    """
    ending = Path(name).suffix.lower()
    if ending not in ENDINGS:
        expected = f"One of the endings {', '.join(ENDINGS)}, or one of the forms {', '.join(FORMS)}"
        raise UsageError(
            f"The name of the file does not say its form ({ending[:20] or 'no ending'})", expected=expected
        )
    return ENDINGS[ending]


def _check_form(form: str) -> None:
    if form not in FORMS:
        raise UsageError(f"There is no form “{form[:40]}”", expected=f"One of {', '.join(FORMS)}")


def _lines(content: bytes, name: str, form: str | None) -> list[Line]:
    """What a file says, read in the form that was chosen or that its ending and its records tell."""
    found = form or form_of(name)
    _check_form(found)
    if found in ("csv", "jsonl") or (form is None and found == "label-studio"):
        found = exchange_forms.form_of_records(content, name) or found
    if found in exchange_tables.WRITERS:
        return exchange_tables.read(content, name)
    lines = exchange_forms.READERS[found](content, name)
    if not lines:
        raise DataError(
            f"{display_name(name)}, read in the form “{found}”, holds no labels",
            expected=exchange_forms.EXPECTED[found],
            todo="Choose another form, or export the labels again",
        )
    return lines


def _events(line: Line, *, who: str, step: str) -> list[NewEvent]:
    """The events that a line stands for."""
    kinds = {"labeled": "label", "cleared": "clear", "settled": "settle"}
    kinds |= {"skipped": "skip", "flagged": "flag", "excluded": "exclude"}
    how = line.how if line.how in WAYS else "imported"
    shared: dict[str, Any] = {"row": line.row, "who": who, "at": line.at or datetime.now(UTC), "step": step, "how": how}
    found = [
        NewEvent(**shared, kind=kinds[word], label=line.label if word in ("labeled", "settled") else None)
        for word in line.status
        if word in kinds
    ]
    return [*found, NewEvent(**shared, kind="note", text=line.note)] if line.note else found


def _statement(event: NewEvent) -> tuple[object, ...]:
    """What an event says, to compare it with what is known."""
    return event.row, event.who, event.kind, event.label, event.text


def _known(store: LabelStore, dataset: Dataset) -> set[tuple[object, ...]]:
    """The statements that hold already."""
    found: set[tuple[object, ...]] = set()
    for row, label, who, _, _, status, note in store.lines(dataset.id).itertuples(index=False):
        stated = None if label != label else label  # missing is not equal to itself
        line = Line(number=0, row=row, label=stated, who=who, status=tuple(status.split()), note=note)
        found |= {_statement(event) for event in _events(line, who=who, step="")}
    for key, texts in store.notes(dataset.id).groupby(["row", "who"])["text"]:
        row, who = key
        alone = texts.tolist()
        together = accumulate(alone, "{}\n{}".format)  # as an export gave them, maybe before the last ones came
        found |= {(row, who, "note", None, text) for text in (*alone, *together)}
    return found
