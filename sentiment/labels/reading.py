"""What can be asked of the label store: labels, opinions, events, counts, classes and settings as they are now."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pandas as pd
from sqlalchemy import Connection, func, select

from sentiment.data import Overlay
from sentiment.labels import reports
from sentiment.labels.class_changes import ClassChanges, file_classes
from sentiment.labels.classes import Classes, LabelClass
from sentiment.labels.lines import lines_table
from sentiment.labels.schema import class_events, events
from sentiment.labels.settings import read_settings

T = TypeVar("T")


class LabelReading(ClassChanges):
    """The part of the label store that is asked, and changes nothing."""

    def current(self, dataset_id: str, *, since: int = 0) -> pd.DataFrame:
        """Rows that somebody did something with, as they are now.

        Args:
            dataset_id: the dataset.
            since: only rows with events after the one of this id (see `version`). What merging classes changes is
                not among these: once the second number of the version has changed, read all rows.

        Returns:
            Columns row (int64), label (missing for none), rule (settled, majority, latest or file), excluded,
            flagged, skipped, n_opinions, base (the file's label) and last_event, ordered by row.
        """
        return self._read(dataset_id, lambda c, classes: reports.current_table(c, dataset_id, classes, since=since))

    def overlay(self, dataset_id: str) -> Overlay:
        """What is different from the imported file now; see `data.relabel`."""

        def work(connection: Connection, classes: Classes) -> Overlay:
            table = reports.current_table(connection, dataset_id, classes)
            return Overlay.of(table[["row", "base", "label", "excluded"]], names=classes.renamed())

        return self._read(dataset_id, work)

    def version(self, dataset_id: str) -> tuple[int, int]:
        """Two numbers of which one grows with everything that happens: the newest event of a row, and of a class."""

        def work(connection: Connection) -> tuple[int, int]:
            newest = (
                select(func.max(table.c.id)).where(table.c.dataset_id == dataset_id).scalar_subquery()
                for table in (events, class_events)
            )
            of_rows, of_classes = connection.execute(select(*newest)).one()
            return of_rows or 0, of_classes or 0

        return self._database.read(work)

    def history(self, dataset_id: str, row: int | None = None) -> pd.DataFrame:
        """All events of the dataset, or of one row, oldest first.

        Returns:
            Columns id, row, kind, label, who, at (UTC), how, text, target, undone (whether it has no effect since
            something undid it), step and key.
        """
        return self._read(dataset_id, lambda c, classes: reports.history_table(c, dataset_id, classes, row=row))

    def notes(self, dataset_id: str, row: int | None = None) -> pd.DataFrame:
        """Notes that nobody took back: columns row, who, at, text, oldest first."""
        found = self.history(dataset_id, row)
        kept = found[(found["kind"] == "note") & ~found["undone"]]
        return kept[["row", "who", "at", "text"]].reset_index(drop=True)

    def opinions(self, dataset_id: str, rows: Sequence[int] | None = None) -> pd.DataFrame:
        """Each person's latest label of each row: columns row, who, label."""
        return self._read(dataset_id, lambda c, classes: reports.opinions_table(c, dataset_id, classes, rows=rows))

    def lines(self, dataset_id: str) -> pd.DataFrame:
        """What people said of rows, one line per row and person: see `lines.lines_table`."""
        return self._read(dataset_id, lambda c, classes: lines_table(c, dataset_id, classes, source=self._source))

    def disagreements(self, dataset_id: str) -> pd.DataFrame:
        """Rows that people labeled differently and nobody settled: row, labels (person → label), label, rule."""
        return self._read(dataset_id, lambda c, classes: reports.disagreements_table(c, dataset_id, classes))

    def counts(self, dataset_id: str) -> dict[str, int]:
        """Rows per class now; classes that are offered and have no row are there with 0."""
        base = self._source.counts(dataset_id)
        return self._read(dataset_id, lambda c, classes: reports.count_labels(c, dataset_id, classes, base=base))

    def stats(self, dataset_id: str) -> dict[str, Any]:
        """Progress in numbers.

        Returns:
            rows (those not excluded), labeled, unlabeled, per_class, and what `reports.work_stats` returns, with goal
            and progress: the labels that people gave as a share of the goal, at most 1.
        """
        base, n_rows = self._source.counts(dataset_id), self._source.n_rows(dataset_id)

        def work(connection: Connection, classes: Classes) -> dict[str, Any]:
            per_class = reports.count_labels(connection, dataset_id, classes, base=base)
            done = reports.work_stats(connection, dataset_id)
            goal = read_settings(connection, dataset_id)["goal"]
            rows, labeled = n_rows - done["excluded"], sum(per_class.values())
            counted = {"rows": rows, "labeled": labeled, "unlabeled": rows - labeled, "per_class": per_class}
            return {**counted, **done, "goal": goal, "progress": min(1.0, done["labeled_by_people"] / goal)}

        return self._read(dataset_id, work)

    def classes(self, dataset_id: str) -> list[LabelClass]:
        """The classes that rows can be given, the file's first, then in the order in which they were added."""
        return self._read(dataset_id, lambda _, classes: classes.offered)

    def all_classes(self, dataset_id: str) -> list[LabelClass]:
        """All classes that there ever were, retired and merged ones too."""
        return self._read(dataset_id, lambda _, classes: list(classes.by_id.values()))

    def settings(self, dataset_id: str) -> dict[str, Any]:
        """The settings of a dataset (see `settings.DEFAULTS`), guidelines among them."""
        return self._database.read(lambda connection: read_settings(connection, dataset_id))

    def guidelines(self, dataset_id: str) -> str:
        """What the guidelines beside the row say."""
        return str(self.settings(dataset_id)["guidelines"])

    def _read(self, dataset_id: str, work: Callable[[Connection, Classes], T]) -> T:
        """What `work` returns, with the dataset's classes; those of the file are there from the start."""

        def reading(connection: Connection) -> T | None:
            classes = self._known_classes(connection, dataset_id)
            return None if classes is None else work(connection, classes)

        found = self._database.read(reading)
        if found is None and self._database.read_only:
            return self._database.read(lambda connection: work(connection, file_classes(self._source, dataset_id)))
        if found is None:
            self._database.write(dataset_id, lambda connection: self._classes(connection, dataset_id))
            found = self._database.read(reading)
        assert found is not None
        return found
