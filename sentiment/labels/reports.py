"""What the label store tells: tables of labels, opinions and events, and counts of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, String, cast, func, select

from sentiment.labels.classes import Classes, names_of
from sentiment.labels.derive import active_events, active_undos, latest_opinions
from sentiment.labels.projection import chunks
from sentiment.labels.schema import events, row_states

CURRENT_COLUMNS = ("row", "label", "rule", "excluded", "flagged", "skipped", "n_opinions")
HISTORY_COLUMNS = ("id", "row", "kind", "label", "who", "at", "how", "text", "target", "undone", "step", "key")


def current_table(connection: Connection, dataset_id: str, classes: Classes, *, since: int = 0) -> pd.DataFrame:
    """Rows with events after the event `since`, as they are now: `CURRENT_COLUMNS` and base, the file's label."""
    query = select(row_states).where(row_states.c.dataset_id == dataset_id, row_states.c.last_event > since)
    found = connection.execute(query.order_by(row_states.c.row)).all()
    columns = dict(zip(row_states.c.keys(), zip(*found, strict=True), strict=True)) if found else {}
    names: dict[int | None, str | None] = {None: None, **{number: classes.name(number) for number in classes.by_id}}
    in_file: dict[int | None, str | None] = {None: None, **{n: c.file_name for n, c in classes.by_id.items()}}
    table = {name: columns.get(name, ()) for name in (*CURRENT_COLUMNS, "last_event") if name != "label"}
    table["label"] = tuple(names[number] for number in columns.get("class_id", ()))
    table["base"] = tuple(in_file[number] for number in columns.get("base_class", ()))
    types = dict.fromkeys(("row", "n_opinions", "last_event"), "int64")
    types |= dict.fromkeys(("excluded", "flagged", "skipped"), "bool") | dict.fromkeys(("label", "base", "rule"), "str")
    return pd.DataFrame(table)[[*CURRENT_COLUMNS, "base", "last_event"]].astype(types)


def history_table(connection: Connection, dataset_id: str, classes: Classes, *, row: int | None) -> pd.DataFrame:
    """All events of the dataset, or of one row, oldest first: `HISTORY_COLUMNS`."""
    query = select(events).where(events.c.dataset_id == dataset_id).order_by(events.c.id)
    found = connection.execute(query if row is None else query.where(events.c.row == int(row))).all()
    frame = pd.DataFrame(found, columns=events.c.keys())
    frame["label"] = _names(classes, frame["class_id"])
    active = {event.id for event in active_events(found)}
    active |= {undo.id for undo in active_undos(event for event in found if event.kind == "undo")}
    frame["undone"] = [event.id not in active for event in found]
    return frame[list(HISTORY_COLUMNS)].astype({"id": "int64", "row": "int64", "target": "Int64", "undone": "bool"})


def opinions_table(
    connection: Connection, dataset_id: str, classes: Classes, *, rows: Sequence[int] | None = None
) -> pd.DataFrame:
    """Each person's latest label of each row: columns row, who, label, ordered by row, then by time."""
    found = [
        (row, who, opinion.class_id)
        for row, active in active_by_row(connection, dataset_id, rows=rows).items()
        for who, opinion in latest_opinions(active).items()
        if opinion.kind == "label"
    ]
    frame = pd.DataFrame(found, columns=["row", "who", "class_id"])
    frame["label"] = _names(classes, frame["class_id"])
    return frame[["row", "who", "label"]].astype({"row": "int64", "who": "str"})


def active_by_row(
    connection: Connection, dataset_id: str, *, rows: Sequence[int] | None = None
) -> dict[int, list[Any]]:
    """The events that have an effect, oldest first, by their row; rows in order."""
    query = select(events).where(events.c.dataset_id == dataset_id)
    parts = [query] if rows is None else [query.where(events.c.row.in_(part)) for part in chunks(rows)]
    found: dict[int, list[Any]] = {}
    for part in parts:
        for event in active_events(connection.execute(part).all()):
            found.setdefault(event.row, []).append(event)
    return dict(sorted(found.items()))


def disagreements_table(connection: Connection, dataset_id: str, classes: Classes) -> pd.DataFrame:
    """Rows that people labeled differently and nobody settled: row, labels (a dict from person to label), label, rule.

    `label` is the one that counts by the rule for now.
    """
    query = select(row_states.c.row, row_states.c.class_id, row_states.c.rule, row_states.c.excluded).where(
        row_states.c.dataset_id == dataset_id, row_states.c.n_opinions > 1, row_states.c.rule != "settled"
    )
    states = {state.row: state for state in connection.execute(query).all() if not state.excluded}
    opinions = opinions_table(connection, dataset_id, classes, rows=list(states))
    found = []
    for row, given in opinions.groupby("row", sort=True):
        if given["label"].nunique() > 1:
            state = states[int(str(row))]
            labels = dict(zip(given["who"], given["label"], strict=True))
            found.append((state.row, labels, classes.name(state.class_id), state.rule))
    return pd.DataFrame(found, columns=["row", "labels", "label", "rule"])


def count_labels(connection: Connection, dataset_id: str, classes: Classes, *, base: dict[str, int]) -> dict[str, int]:
    """Rows per class as they are now, classes that no row has among them if they are offered.

    Args:
        connection: an open transaction.
        dataset_id: the dataset.
        classes: its classes.
        base: rows per label of the file.
    """
    counts = {found.name: 0 for found in classes.offered}
    names = classes.renamed()
    for file_name, n in base.items():
        name = names.get(file_name, file_name)
        counts[name] = counts.get(name, 0) + n
    columns = (row_states.c.base_class, row_states.c.class_id, row_states.c.excluded)
    grouped = select(*columns, func.count()).where(row_states.c.dataset_id == dataset_id).group_by(*columns)
    for base_class, class_id, excluded, n in connection.execute(grouped).all():
        if (before := classes.name(base_class)) is not None:
            counts[before] -= n
        if not excluded and (name_now := classes.name(class_id)) is not None:
            counts[name_now] = counts.get(name_now, 0) + n
    return {name: n for name, n in counts.items() if n or name in {found.name for found in classes.offered}}


def work_stats(connection: Connection, dataset_id: str) -> dict[str, Any]:
    """How much was done and how fast.

    Returns:
        n_events; excluded, flagged, skipped, labeled_by_people (rows); per_person: labels that count, by the person;
        per_hour: {"hour" (ISO 8601, UTC), "labels"} for each hour with work; last_hour: labels of the last 60 minutes.
    """
    of_dataset = row_states.c.dataset_id == dataset_id
    totals = {
        name: int(connection.execute(select(func.count()).where(of_dataset, condition)).scalar() or 0)
        for name, condition in (
            ("excluded", row_states.c.excluded),
            ("flagged", row_states.c.flagged),
            ("skipped", row_states.c.skipped),
            ("labeled_by_people", row_states.c.n_opinions > 0),
        )
    }
    counted = _counted_labels(connection, dataset_id)
    recent = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d %H:%M}"
    people, hours = Counter[str](), Counter[str]()
    for (who, how, minute), n in counted.items():
        people[who] += n
        if how != "imported":
            hours[minute[:13]] += n
    return {
        "n_events": int(
            connection.execute(select(func.count()).where(events.c.dataset_id == dataset_id)).scalar() or 0
        ),
        **totals,
        "per_person": {who: n for who, n in people.most_common() if n},
        "per_hour": [
            {"hour": f"{hour.replace(' ', 'T')}:00:00+00:00", "labels": hours[hour]} for hour in sorted(hours)
        ],
        "last_hour": sum(n for (_, how, minute), n in counted.items() if how != "imported" and minute > recent),
    }


def _counted_labels(connection: Connection, dataset_id: str) -> Counter[tuple[str, str, str]]:
    """Label events that have an effect, counted by the database by who, how, and minute ("2026-11-23 20:15", UTC)."""
    of_dataset = events.c.dataset_id == dataset_id
    if connection.dialect.name == "sqlite":
        minute: ColumnElement[str] = func.substr(cast(events.c.at, String), 1, 16)
    else:
        minute = func.to_char(func.timezone("UTC", events.c.at), "YYYY-MM-DD HH24:MI")
    columns = (events.c.who, events.c.how, minute.label("minute"))
    labels = select(*columns, func.count()).where(of_dataset, events.c.kind == "label").group_by(*columns)
    found = Counter({(who, how, at): n for who, how, at, n in connection.execute(labels).all()})
    undos = select(events.c.id, events.c.target, events.c.kind).where(of_dataset, events.c.kind == "undo")
    undone = {undo.target for undo in active_undos(connection.execute(undos).all())}
    for part in chunks(undone):
        taken_back = select(*columns).where(events.c.id.in_(part), events.c.kind == "label")
        found.subtract((who, how, at) for who, how, at in connection.execute(taken_back).all())
    return +found


def _ids(column: pd.Series) -> list[int | None]:
    return [None if pd.isna(value) else int(value) for value in column]


def _names(classes: Classes, column: pd.Series) -> pd.Series:
    return pd.Series(names_of(classes, _ids(column)), index=column.index, dtype="str")
