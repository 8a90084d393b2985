"""The label store: who gave which row which label, when and how. Everything else about labels follows from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from sentiment.access import Role, require
from sentiment.labels import appending
from sentiment.labels.database import Database
from sentiment.labels.events import Event, NewEvent, check_event, checked_person, new_key
from sentiment.labels.leases import release_rows, reserve_rows, rows_awaiting
from sentiment.labels.permissions import check_events, check_labeler, check_owner
from sentiment.labels.projection import rebuild_states
from sentiment.labels.reading import LabelReading
from sentiment.labels.settings import check_settings, read_settings, write_settings
from sentiment.labels.source import Source


class LabelStore(LabelReading):
    """Labels of the datasets of a workspace. Use `open`; threads and processes may share a database.

    Every method may raise WorkspaceError, if the database cannot be reached or stays busy for a minute, and
    what its own description says; those that change something, AccessError (see `permissions`).

    Args:
        database: where events are kept.
        source: the labels that the datasets were imported with.
    """

    def __init__(self, database: Database, source: Source) -> None:
        self._database, self._source = database, source

    @classmethod
    def open(cls, address: str | Path, *, source: Source) -> "LabelStore":
        """The store at a path (SQLite) or a PostgreSQL URL; tables are made, or brought up to date, first."""
        return cls(Database(address), source)

    def close(self) -> None:
        """Ends the connections to the database."""
        self._database.close()

    # --- what people do

    def append(
        self,
        dataset_id: str,
        new: Sequence[NewEvent],
        *,
        on_behalf: bool = False,
        new_classes: Mapping[str, str] | None = None,
    ) -> list[Event]:
        """The events as they are stored, in the given order, once they are committed: all of them, or none.

        An event whose key is stored already is not stored again, and comes back as it was stored.

        Args:
            dataset_id: the dataset.
            new: the events.
            on_behalf: whether an owner tells what others did, as a file of labels does; it may name retired classes.
            new_classes: classes that are added with them, name → who adds it; one that is there stays as it is.

        Raises:
            AccessError: if the one who acts may not do this, or an event is in somebody else's name.
            UsageError: for an event that cannot be.
            DataError: for a row or class that the dataset does not have, or an undo of what is not there.
        """
        own_only = check_events(new, on_behalf=on_behalf)
        for event in new:
            check_event(event)
        people = {event.who: checked_person(event.who) for event in new}
        added = {name: check_owner(who, doing="change classes") for name, who in (new_classes or {}).items()}

        def work(connection: Connection) -> list[Event]:
            classes = self._with_classes(connection, dataset_id, added)
            return appending.append_events(
                connection,
                dataset_id,
                new,
                people=people,
                classes=classes,
                source=self._source,
                own_only=own_only,
                retired=on_behalf,
            )

        return self._database.write(dataset_id, work) if new else []

    def mark(
        self,
        dataset_id: str,
        rows: Sequence[int],
        kind: str,
        *,
        who: str,
        label: str | None = None,
        text: str | None = None,
        how: str = "typed",
        key: str | None = None,
    ) -> list[Event]:
        """The same event for several rows, as one step that one undo takes back (see `NewEvent` and `append`).

        Args:
            dataset_id: the dataset.
            rows: zero-based rows of the file; one that is there twice counts once.
            kind: label, clear, skip, flag, unflag, note, exclude, include or settle.
            who: the person.
            label: the class of a label or settlement.
            text: the note.
            how: typed, bulk, suggestion, imported or remedy.
            key: the same call with the same key is carried out once; up to 40 characters.
        """
        step = key or new_key()
        new = [
            NewEvent(
                row=int(row), kind=kind, who=who, label=label, text=text, how=how, key=f"{step}:{int(row)}", step=step
            )
            for row in dict.fromkeys(rows)
        ]
        return self.append(dataset_id, new)

    def label(
        self,
        dataset_id: str,
        rows: Sequence[int],
        class_name: str | None,
        *,
        who: str,
        how: str = "typed",
        key: str | None = None,
    ) -> list[Event]:
        """Gives rows a class, or with None takes their label away (see `mark`)."""
        kind = "clear" if class_name is None else "label"
        return self.mark(dataset_id, rows, kind, who=who, label=class_name, how=how, key=key)

    def note(self, dataset_id: str, row: int, text: str, *, who: str, key: str | None = None) -> Event:
        """Writes a note on a row (see `mark`)."""
        return self.mark(dataset_id, [row], "note", who=who, text=text, key=key)[0]

    def undo(self, dataset_id: str, *, who: str, n: int = 1, key: str | None = None) -> list[Event]:
        """Takes back the last `n` steps of a person that are not taken back yet.

        Returns:
            The events that were undone, newest first; none if there was nothing left to undo.
        """
        person, step = check_labeler(who), key or new_key()

        def work(connection: Connection) -> list[Event]:
            classes = self._classes(connection, dataset_id)
            return appending.undo_steps(
                connection, dataset_id, who=person, n=n, step=step, classes=classes, source=self._source
            )

        return self._database.write(dataset_id, work)

    def reserve(
        self,
        dataset_id: str,
        candidate_rows: Sequence[int],
        *,
        who: str,
        n: int = 1,
        seconds: float = 300.0,
        again: bool = False,
    ) -> list[int]:
        """The first `n` candidates, in their order, that are this person's to label for so many seconds.

        Left out are rows that somebody else has reserved or labeled, as far as the settings do not ask for more
        opinions; that this person has labeled or skipped; and that are excluded or settled. With `again`, only what
        somebody else has reserved is left out: for rows to be looked at once more.
        """
        person = check_labeler(who)

        def work(connection: Connection) -> list[int]:
            found = read_settings(connection, dataset_id)
            wanted = {"share": found["opinions_share"], "opinions": found["opinions"]}
            rows = [int(row) for row in candidate_rows]
            return reserve_rows(connection, dataset_id, rows, who=person, n=n, seconds=seconds, again=again, **wanted)

        return self._database.write(dataset_id, work)

    def awaiting(self, dataset_id: str, *, who: str, n: int) -> list[int]:
        """The first `n` rows that somebody else labeled and of which the settings want a further opinion."""

        def work(connection: Connection) -> list[int]:
            found = read_settings(connection, dataset_id)
            share, opinions = found["opinions_share"], found["opinions"]
            if share == 0 or opinions == 1:
                return []
            return rows_awaiting(connection, dataset_id, who=who.strip(), n=n, share=share, opinions=opinions)

        return self._database.read(work)

    def release(self, dataset_id: str, rows: Sequence[int], *, who: str) -> None:
        """Gives reserved rows back before their time; labeling or skipping a row does so too."""
        person = check_labeler(who)
        self._database.write(dataset_id, lambda c: release_rows(c, dataset_id, [int(row) for row in rows], who=person))

    def rebuild(self, dataset_id: str) -> int:
        """Derives the state of every row again from its events; returns how many rows have some."""
        require(Role.OWNER, doing="derive the labels again")

        def work(connection: Connection) -> int:
            classes = self._classes(connection, dataset_id)
            return rebuild_states(connection, dataset_id, classes=classes, source=self._source)

        return self._database.write(dataset_id, work)

    # --- settings

    def set_settings(self, dataset_id: str, *, who: str, **values: Any) -> None:
        """Changes settings.

        Raises:
            UsageError: for a setting that there is not, or a value outside its range.
        """
        person = check_owner(who, doing="change settings")
        check_settings(values)
        self._database.write(dataset_id, lambda c: write_settings(c, dataset_id, values, who=person))

    def set_guidelines(self, dataset_id: str, text: str, *, who: str) -> None:
        """Replaces the guidelines; earlier ones stay in the database (errors as for `set_settings`)."""
        self.set_settings(dataset_id, who=who, guidelines=text)
