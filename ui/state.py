"""What one person has open: the dataset and the run in use, the file being imported, the last thing deleted.

This is the only module that touches `st.session_state`. The choice of dataset and run also stands in the address
(`?dataset=…&run=…`), so that the address can be sent to somebody.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, Literal, TypeVar

import streamlit as st

from sentiment.errors import SentimentError
from sentiment.training.runs import Run, is_run_id
from sentiment.workspace import Workspace
from ui import text

_KEY = "studio"
T = TypeVar("T")


@dataclass(frozen=True)
class Deleted:
    """A thing that was deleted and can be brought back."""

    kind: Literal["dataset", "run"]
    id: str
    name: str


@dataclass
class Session:
    """The state of one browser session.

    Attributes:
        dataset_id: the dataset in use; None where there is none.
        run_id: the run in use, always one of the dataset in use; None where there is none.
        uploads: how many files were dealt with; a new number empties the upload box.
        deleted: what was deleted here and can be brought back, oldest first.
        notice: a sentence to show once, on the next draw.
        person: the name that labels are given under.
        kept: what parts of pages keep (see `keep`).
        address: the address as this session last wrote it, so that one that was typed or opened stands out.
        id: tells this session from others.
    """

    dataset_id: str | None = None
    run_id: str | None = None
    uploads: int = 0
    deleted: list[Deleted] = field(default_factory=list)
    notice: str = ""
    person: str = "me"
    kept: dict[str, Any] = field(default_factory=dict)
    address: tuple[str | None, str | None] = (None, None)
    id: str = field(default_factory=lambda: token_hex(8))

    def use_dataset(self, dataset_id: str | None, run_id: str | None = None) -> None:
        """Makes a dataset, and one of its runs or none, the ones in use on every page and in the address."""
        self.dataset_id, self.run_id = dataset_id, run_id
        self._write_address()

    def use_run(self, run: Run) -> None:
        """Makes a run and its dataset the ones in use."""
        self.use_dataset(run.info.dataset.id, run.id)

    def close_upload(self) -> None:
        """Empties the upload box."""
        self.uploads += 1

    def take_notice(self) -> str:
        """The notice that waits, which is thereby taken."""
        notice, self.notice = self.notice, ""
        return notice

    def keep(self, key: str, make: Callable[[], T]) -> T:
        """What is kept under a key for this session, made at first."""
        if key not in self.kept:
            self.kept[key] = make()
        found: T = self.kept[key]
        return found

    def widget(self, key: str) -> Any:
        """The value of the widget with that key; None before it is drawn."""
        return st.session_state.get(key)

    def set_widget(self, key: str, value: Any) -> None:
        """Sets the value that a widget will be drawn with; only before it is drawn, or in a callback."""
        st.session_state[key] = value

    def follow(self, workspace: Workspace) -> None:
        """Settles what is in use: what a newly opened address names, else what was in use, else the newest.

        An address that is malformed, repeats itself or names what isn't there gives the default view. Where what was
        in use has been deleted elsewhere, a notice says so, and the page is drawn anew: a click that was meant for
        the one must not act on the other.
        """
        named = (_single("dataset"), _single("run"))
        if named != (None, None) and named != self.address:
            self._open(workspace, *named)
        gone = self._settle(workspace)
        self._write_address()
        if gone:
            self.notice = f"{self.notice} {gone}".strip()
            st.rerun()

    def _settle(self, workspace: Workspace) -> str:
        """Takes the newest where what was in use isn't there; returns what to say of it, "" where nothing was."""
        used_dataset, used_run = self.dataset_id, self.run_id
        names = {info.id: info.name for info in workspace.datasets()}
        if used_dataset not in names:
            self.dataset_id, self.run_id = next(iter(names), None), None
        runs = {run.id: run.info.name for run in runs_of(workspace, self.dataset_id)}
        if self.run_id not in runs:
            self.run_id = next(iter(runs), None)
        if used_dataset and used_dataset != self.dataset_id:
            return _describe_gone("dataset", names.get(str(self.dataset_id)))
        return _describe_gone("run", runs.get(str(self.run_id))) if used_run and used_run != self.run_id else ""

    def _open(self, workspace: Workspace, dataset_id: str | None, run_id: str | None) -> None:
        try:
            if run_id and is_run_id(run_id):
                dataset_id = workspace.run(run_id).info.dataset.id
                self.dataset_id, self.run_id = workspace.dataset_info(dataset_id).id, run_id
            elif dataset_id and re.fullmatch(r"[0-9a-f]{12}", dataset_id):
                self.dataset_id, self.run_id = workspace.dataset_info(dataset_id).id, None
        except SentimentError:
            return  # the same default view for what is malformed, missing or not theirs

    def _write_address(self) -> None:
        self.address = (self.dataset_id, self.run_id)
        for name, value in zip(("dataset", "run"), self.address, strict=True):
            if value is None:
                st.query_params.pop(name, None)
            elif st.query_params.get_all(name) != [value]:
                st.query_params[name] = value


def session() -> Session:
    """The session of the browser tab that is being drawn."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Session()
    found = st.session_state[_KEY]
    assert isinstance(found, Session)
    return found


def runs_of(workspace: Workspace, dataset_id: str | None) -> list[Run]:
    """The runs of one dataset, newest first."""
    return [run for run in workspace.runs() if run.info.dataset.id == dataset_id]


def _describe_gone(kind: str, name: str | None) -> str:
    """A notice that what was in use is gone; `name` is what takes its place."""
    instead = "there is no other" if name is None else f"this is “{text.literal(name)}”"
    return f"The {kind} in use was deleted; {instead}."


def _single(name: str) -> str | None:
    """The value of a query parameter that stands in the address exactly once; "" if it is repeated."""
    values = st.query_params.get_all(name)
    return None if not values else values[0] if len(values) == 1 else ""
