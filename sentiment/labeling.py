"""The labeling loop over one dataset: which row comes next, what the model says of it, what the labels have bought.

One `Labeling` serves every session of a server. Labels go to the store and count once it has them; after every few of
them a head is fitted to the text vectors in a thread of its own and the queues are ranked anew, while labeling goes on
with the rows that were ranked before. Nothing here loads a deep-learning library: a process of its own makes vectors.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sentiment import data
from sentiment.access import carried
from sentiment.data.search import as_texts, parse_query, search
from sentiment.errors import SentimentError
from sentiment.labels.mirror import Known, LabelMirror
from sentiment.labels.queues import UNLABELED, Pool, rank
from sentiment.labels.suspects import rank_suspects
from sentiment.models.registry import recommend_base
from sentiment.training.plateau import Plateau, judge_plateau
from sentiment.training.quick import QuickHead, Score, choose_groups
from sentiment.training.text_reader import TextReader
from sentiment.training.text_vectors import TextVectors
from sentiment.workspace import Workspace

LISTED, SUSPECTS, RANDOM = "listed", "suspects", "random"
RANKED = 1_000  # rows of a queue that are ranked at a time
_OFFERED = 50  # rows at its head, of which the store gives the first that nobody else has before them
_LEASE_SECONDS = 300.0
_MOST_FOR_NEAR = 50_000  # rows up to which texts that are nearly the same count as one; beyond, those that are the same
_HELD_OUT, _ENOUGH_HELD_OUT = 5, 50  # every fifth labeled row of the file judges the curve, where they are enough
_SEED = 0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Suggestion:
    """What the model says of a row: the class, and its probability in [0, 1]."""

    label: str
    confidence: float


@dataclass(frozen=True)
class _Learned:
    """What an update left: class names, probabilities float32[n_rows, n_classes], suspects (positions)."""

    classes: tuple[str, ...] = ()
    probs: NDArray[np.float32] | None = None
    suspects: NDArray[np.int64] | None = None


class Labeling:
    """The loop over one dataset of a workspace.

    Args:
        workspace: where the dataset and its labels are.
        dataset_id: the dataset.
        quietly: whether the first update runs in a thread; else it is done once this is made.

    Raises:
        WorkspaceError: if there is no such dataset, or the store cannot be reached.
        DataError: if the dataset is damaged.
    """

    def __init__(self, workspace: Workspace, dataset_id: str, *, quietly: bool = True) -> None:
        self.id, self.store = dataset_id, workspace.labels
        folder = workspace.dataset_folder(dataset_id)
        imported = data.load_dataset(folder)
        self._texts, self._file_labels = imported.frame["text"], imported.frame["label"]
        self._rows: NDArray[np.int64] = imported.frame["row"].to_numpy(np.int64)
        self._mirror = LabelMirror(self.store, dataset_id, rows=self._rows, file_labels=imported.frame["label"])
        self._positions = self._mirror.positions
        base, _ = recommend_base(imported.language, n_labeled=0, language_counts=imported.language_counts)
        self._reader = TextReader(folder, base, self._rows)
        self._documents = imported.frame["group"] if imported.group_column is not None else None
        self._groups = np.arange(len(self._rows))
        self._sides = self._groups  # what is judged together: duplicates, and rows of one document
        self._grouped = False
        self._queues: dict[tuple[str, tuple[int, ...]], NDArray[np.int64]] = {}
        self._learned = _Learned()
        self._curve: list[Score] = []
        self._suspected = False  # whether somebody has asked for suspects
        self._waiting = 0  # labels since the last update
        self._lock, self._updating = threading.RLock(), threading.Lock()
        self._stats: tuple[tuple[int, int], dict[str, Any]] | None = None
        self._searchable: pa.LargeStringArray | None = None
        if quietly:
            self.update_soon()
        else:
            self.update()

    # --- rows and their labels

    @property
    def n_rows(self) -> int:
        """Rows of the dataset."""
        return len(self._rows)

    def has(self, row: int) -> bool:
        """Whether the dataset has this row of the file."""
        return row in self._positions

    def text(self, row: int) -> str:
        """The text of a row."""
        return str(self._texts.iloc[self._positions[row]])

    def known(self, row: int) -> Known:
        """What is known of a row now."""
        return self._mirror.known(row)

    def stats(self) -> dict[str, Any]:
        """Progress in numbers (see `LabelStore.stats`), counted again when something has happened."""
        version = self.store.version(self.id)
        if self._stats is None or self._stats[0] != version:
            self._stats = (version, self.store.stats(self.id))
        return self._stats[1]

    def classes(self) -> list[str]:
        """Names of the classes that rows can be given, in their order."""
        return [found.name for found in self.store.classes(self.id)]

    def label(self, rows: Sequence[int], name: str, *, who: str, how: str = "typed") -> None:
        """Gives rows a class (errors as for `LabelStore.append`)."""
        self.store.label(self.id, rows, name, who=who, how=how)
        self._after(len(rows))

    def mark(self, row: int, kind: str, *, who: str, text: str | None = None) -> None:
        """Skips, flags, unflags, clears or leaves out a row, or writes a note on it (see `LabelStore.mark`)."""
        self.store.mark(self.id, [row], kind, who=who, text=text)
        self._after(0)

    def undo(self, *, who: str) -> list[int]:
        """Takes back a person's last step; returns the rows that it was about, none if there was nothing left."""
        undone = self.store.undo(self.id, who=who)
        self._after(0)
        return [event.row for event in undone]

    def search(self, words: str, *, regex: bool = False) -> NDArray[np.int64]:
        """The rows that a query finds, int64[n], in their order (see `data.search.parse_query`, also for errors)."""
        query = parse_query(words, regex=regex)
        with self._lock:
            if self._searchable is None:
                self._searchable = as_texts(self._texts)
        return self._rows[search(self._searchable, query)]

    # --- the queue

    def next_row(self, who: str, queue: str, *, listed: Sequence[int] = ()) -> int | None:
        """The next row of a queue for a person, which nobody else is given for some minutes; None at its end.

        Args:
            who: the person.
            queue: a strategy of `labels.queues`.
            listed: rows of the file for the queue "listed", in their order: those that are still to come, since a
                label, or a skip, does not end the turn of a row that somebody chose.

        Raises:
            UsageError: for a queue that is not known.
        """
        self._mirror.sync()
        if queue == SUSPECTS and not self._suspected:
            self._suspected = True
            self.update_soon()
        if queue not in (SUSPECTS, LISTED):  # what others began comes first: it lacks this person's opinion alone
            row = self._reserve(self.store.awaiting(self.id, who=who, n=_OFFERED), who, queue)
            if row is not None:
                return row
        key = (queue, tuple(int(row) for row in listed) if queue == LISTED else ())
        for fresh in (False, True):
            order = self._order(key, fresh=fresh)
            row = self._reserve([row for row in self._rows[order].tolist() if self._is_open(row, queue)], who, queue)
            if row is not None:
                return row
        return None

    def _reserve(self, rows: Sequence[int], who: str, queue: str) -> int | None:
        """The first of these rows that this person may have, now theirs for some minutes."""
        for start in range(0, len(rows), _OFFERED):
            part = rows[start : start + _OFFERED]
            found = self.store.reserve(self.id, part, who=who, seconds=_LEASE_SECONDS, again=queue == LISTED)
            if found:
                return found[0]
        return None

    def ranked(self, queue: str, *, n: int) -> list[int]:
        """The first rows of a queue, at most `n` or `RANKED`, without giving them to anybody."""
        if queue == SUSPECTS and not self._suspected:
            self._suspected = True
            self.update()
        order = self._order((queue, ()), fresh=True)
        return [int(row) for row in self._rows[order][:n]]

    def suggestion(self, row: int) -> Suggestion | None:
        """What the model says of a row, of the classes that it can be given; None before it can say anything."""
        learned = self._learned
        if learned.probs is None:
            return None
        probs, offered = learned.probs[self._positions[row]], set(self.classes())
        open_to = [place for place, name in enumerate(learned.classes) if name in offered]
        if not open_to:
            return None
        best = max(open_to, key=lambda place: float(probs[place]))
        return Suggestion(learned.classes[best], float(probs[best]))

    # --- what is learned

    @property
    def curve(self) -> list[Score]:
        """Macro-F1 against labels, a point for each update."""
        return list(self._curve)

    def plateau(self) -> Plateau:
        """Whether more labels still pay."""
        return judge_plateau(self._curve)

    @property
    def learning(self) -> bool:
        """Whether an update is under way."""
        return self._updating.locked()

    def reading(self) -> tuple[int, int] | None:
        """Texts that the base model has read, and all of them; None once it has read them all."""
        return self._reader.progress()

    @property
    def problem(self) -> str:
        """Why the model cannot learn, in a sentence; empty while it can."""
        return self._reader.problem

    def update_soon(self) -> None:
        """Fits the head and ranks the queues in a thread, unless one is at it."""
        if self._updating.acquire(blocking=False):
            self._waiting = 0
            threading.Thread(target=carried(self._update), name=f"labeling-{self.id}", daemon=True).start()

    def update(self) -> None:
        """Fits the head and ranks the queues; where the base model has not read the texts yet, that comes first."""
        self._updating.acquire()
        self._update()

    def _update(self) -> None:
        try:
            self._group()
            vectors = self._reader.read()
            if vectors is not None:
                self._learn(vectors)
                if self._suspected and self._learned.suspects is None:  # asked for while it learned
                    self._learn(vectors)
        except SentimentError as error:
            log.warning("the update of the queue failed: %s", error)
        except Exception:
            log.exception("the update of the queue failed")
        finally:
            self._updating.release()

    def _learn(self, vectors: TextVectors) -> None:
        """A head from the labels so far, a point of the curve, and what the queues are ranked by."""
        classes, labels = self._labels()
        head = QuickHead(vectors, classes)
        probs = head.update(labels, seed=_SEED)
        held_out = self._held_out()
        score = head.score(labels, self._sides, held_out=held_out, seed=_SEED)
        if score is not None and (not self._curve or self._curve[-1].n_labels != score.n_labels):
            self._curve.append(score)
        suspects = self._suspects(head, labels, classes) if self._suspected else None
        with self._lock:
            self._learned = _Learned(tuple(classes), probs, suspects)
            used = list(self._queues)
        for key in used:
            self._order(key, fresh=True)

    def _held_out(self) -> NDArray[np.bool_] | None:
        """Rows that judge the curve: a fifth of those that the file labels, if that is enough; else None."""
        chosen = (self._sides % _HELD_OUT == 0) & self._file_labels.notna().to_numpy()
        return chosen if chosen.sum() >= _ENOUGH_HELD_OUT else None

    # --- what is read from elsewhere

    def _after(self, n_labels: int) -> None:
        """Takes in what was just stored, and updates after every few labels."""
        self._mirror.sync()
        if not n_labels:
            return
        every = self.store.settings(self.id)["refresh_every"]
        with self._lock:
            self._waiting += n_labels
            due = self._waiting >= every
        if due:
            self.update_soon()

    def _labels(self) -> tuple[list[str], NDArray[np.int64]]:
        """The classes, and the class of each row, int64[n_rows], `UNLABELED` for none.

        The classes that are offered come first, then retired ones of which there are labels.
        """
        offered = self.classes()
        known = self.store.all_classes(self.id)
        retired = [found.name for found in known if found.retired and found.merged_into is None]
        codes = self._mirror.codes([*offered, *retired])
        kept = [name for place, name in enumerate(retired, len(offered)) if (codes == place).any()]
        classes = [*offered, *kept]
        return classes, codes if kept == retired else self._mirror.codes(classes)

    def _is_open(self, row: int, queue: str) -> bool:
        if queue == LISTED:
            return not self._mirror.known(row).excluded
        return self._mirror.is_open(row, once=queue == SUSPECTS)

    def _order(self, key: tuple[str, tuple[int, ...]], *, fresh: bool) -> NDArray[np.int64]:
        """Positions in the order of a queue: as they were ranked last, or ranked now."""
        with self._lock:
            if key in self._queues and not fresh:
                return self._queues[key]
            learned = self._learned
        queue, rows = key
        if queue == LISTED:  # all of them, those with a label too: somebody has chosen them
            return np.array([self._positions[row] for row in rows if row in self._positions], np.int64)
        vectors = self._reader.vectors()
        classes, labels = self._labels()
        listed = np.empty(0, np.int64) if learned.suspects is None else learned.suspects
        blind = vectors is None and queue not in (SUSPECTS, RANDOM)
        pool = Pool(
            vectors=np.zeros((self.n_rows, 1), np.float32) if vectors is None else vectors.vectors,
            probs=learned.probs if learned.classes == tuple(classes) else None,
            labels=labels,
            groups=self._groups,
            closed=self._mirror.closed(once=queue == SUSPECTS),
            listed=listed,
            n_offered=len(self.classes()),
        )
        order = rank(RANDOM if blind else queue, pool, n=RANKED, seed=_SEED)
        with self._lock:
            self._queues = {key: order} | {k: v for k, v in self._queues.items() if k != key}
            while len(self._queues) > 4:
                self._queues.popitem()
        return order

    def _suspects(self, head: QuickHead, labels: NDArray[np.int64], classes: Sequence[str]) -> NDArray[np.int64]:
        """Positions of rows whose label held-out predictions contradict, most suspect first."""
        rows = np.flatnonzero(labels != UNLABELED)
        if len(np.unique(labels[rows])) < 2:
            return np.empty(0, np.int64)
        groups = choose_groups(self._groups[rows], self._sides[rows], labels[rows], seed=_SEED)
        probs = head.out_of_fold(rows, labels[rows], groups, seed=_SEED)
        table = rank_suspects(rows, labels[rows], probs, classes=classes)
        return table.loc[table["score"] > 0.5, "row"].to_numpy(np.int64)

    def _group(self) -> None:
        """Finds the texts that are the same, and those of one document, once."""
        if not self._grouped:
            self._groups = data.group_duplicates(self._texts, near=self.n_rows <= _MOST_FOR_NEAR)
            documents = [] if self._documents is None else [self._documents]
            self._sides = data.combine_groups(self._groups, *documents)
            self._grouped = True
