"""Where datasets and runs live: one folder, in which everything is written whole or not at all.

datasets/<id>/       dataset.json, rows.parquet
runs/<id>/           a run folder (see sentiment.training.runs)
trash/datasets|runs  what was deleted, until it is restored
"""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sentiment import data
from sentiment.data import Dataset, DatasetInfo
from sentiment.data.cells import clean_name
from sentiment.data.storage import rename_saved
from sentiment.errors import DataError, RunError, WorkspaceError
from sentiment.files import read_json, write_atomic
from sentiment.training import runs as run_folders
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run

ENVIRONMENT = "SENTIMENT_WORKSPACE"
SAMPLES = Path(__file__).parent.parent / "sample_data"
MAX_NAME_CHARS = 120

T = TypeVar("T")


@dataclass(frozen=True)
class Sample:
    """A small data set that comes with the product: a card's words, the file and its columns."""

    name: str
    title: str
    path: Path
    description: str
    text: str
    label: str | None
    group: str | None
    licence: str
    source: str


class Workspace:
    """The folder that holds datasets and runs.

    Args:
        root: the folder; by default what the environment variable SENTIMENT_WORKSPACE names, else ./workspace.
            It is made if it is not there.

    Raises:
        WorkspaceError: if it cannot be written.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = Path(root or os.environ.get(ENVIRONMENT) or "workspace").absolute()
        try:
            for name in ("datasets", "runs", "trash/datasets", "trash/runs"):
                (self.root / name).mkdir(parents=True, exist_ok=True)
            write_atomic(self.root / ".writable", b"")
            (self.root / ".writable").unlink(missing_ok=True)
        except OSError as error:
            raise WorkspaceError(
                f"The workspace folder {self.root} cannot be written ({error.strerror})",
                expected="A folder that this program may write",
                todo=f"Change its permissions, or name another folder in {ENVIRONMENT}",
            ) from error

    @property
    def runs_folder(self) -> Path:
        """The folder of the run folders."""
        return self.root / "runs"

    def dataset_folder(self, dataset_id: str) -> Path:
        """The folder of a dataset.

        Raises:
            WorkspaceError: if there is no such dataset; the same for an id that cannot be one.
        """
        folder = self.root / "datasets" / dataset_id
        if not _is_dataset_id(dataset_id) or not folder.is_dir():
            raise _unknown("dataset")
        return folder

    def add_dataset(self, dataset: Dataset) -> tuple[DatasetInfo, bool]:
        """Keeps a dataset.

        Returns:
            What is stored, and whether it is new: False if the same content is there already (under its name then),
            or comes back from the trash.

        Raises:
            WorkspaceError: if it cannot be written; nothing of it is kept then.
        """
        folder = self.root / "datasets" / dataset.id
        if folder.is_dir():
            return data.load_dataset_info(folder), False
        if (self.root / "trash" / "datasets" / dataset.id).is_dir():
            return self.restore_dataset(dataset.id), False
        named = replace(dataset, name=_checked_name(dataset.name))
        try:
            data.save_dataset(named, folder)
        except OSError as error:
            raise WorkspaceError(
                f"The dataset could not be stored ({error.strerror})",
                expected=f"Room and permission to write in {self.root}",
                todo="Free some space, then import the file again; nothing was kept",
            ) from error
        return named.info, True

    def datasets(self) -> list[DatasetInfo]:
        """All datasets, newest first; a damaged one is passed over."""
        folders = (folder for folder in (self.root / "datasets").iterdir() if _is_dataset_id(folder.name))
        infos = _readable(data.load_dataset_info, folders)
        return sorted(infos, key=lambda info: (info.created, info.id), reverse=True)

    def dataset(self, dataset_id: str) -> Dataset:
        """A dataset with its rows (errors as for `dataset_folder`, and DataError if it is damaged)."""
        return data.load_dataset(self.dataset_folder(dataset_id))

    def dataset_info(self, dataset_id: str) -> DatasetInfo:
        """A dataset without its rows (errors as for `dataset`)."""
        return data.load_dataset_info(self.dataset_folder(dataset_id))

    def find_by_file(self, file_hash: str) -> list[DatasetInfo]:
        """The datasets that were made from a file, newest first, by the sha256 of the file."""
        return [info for info in self.datasets() if info.file_hash == file_hash]

    def rename_dataset(self, dataset_id: str, name: str) -> DatasetInfo:
        """Gives a dataset another name; its content and id stay.

        Raises:
            WorkspaceError: for an unknown id or an empty name.
        """
        return rename_saved(self.dataset_folder(dataset_id), _checked_name(name))

    def delete_dataset(self, dataset_id: str) -> None:
        """Moves a dataset to the trash, from which `restore_dataset` brings it back."""
        _move(self.dataset_folder(dataset_id), self.root / "trash" / "datasets")

    def restore_dataset(self, dataset_id: str) -> DatasetInfo:
        """Brings a deleted dataset back."""
        folder = self.root / "trash" / "datasets" / dataset_id
        if not _is_dataset_id(dataset_id) or not folder.is_dir():
            raise _unknown("deleted dataset")
        _move(folder, self.root / "datasets")
        return self.dataset_info(dataset_id)

    def create_run(self, dataset_id: str, config: FinetuneConfig, *, name: str | None = None) -> Run:
        """A new run on a dataset, queued; `training.jobs.start` sets a worker on it.

        Raises:
            WorkspaceError: for an unknown dataset.
            RunError: if its folder cannot be written.
        """
        dataset = self.dataset_info(dataset_id)
        run_id = run_folders.new_id()
        folder = self.runs_folder / run_id
        info = run_folders.describe_run(
            dataset,
            config,
            run_id=run_id,
            name=_checked_name(name or f"{dataset.name} · {config.base}"),
            dataset_folder=os.path.relpath(self.dataset_folder(dataset_id), folder),
        )
        return run_folders.create_run(folder, info)

    def runs(self) -> list[Run]:
        """All runs, newest first; a damaged one is passed over."""
        folders = (folder for folder in self.runs_folder.iterdir() if run_folders.is_run_id(folder.name))
        return sorted(_readable(Run, folders), key=lambda run: (run.info.created, run.id), reverse=True)

    def run(self, run_id: str) -> Run:
        """A run.

        Raises:
            WorkspaceError: if there is no such run; the same for an id that cannot be one.
            RunError: if it is damaged.
        """
        return Run(self._run_folder(run_id))

    def delete_run(self, run_id: str) -> None:
        """Moves a run to the trash, from which `restore_run` brings it back.

        Raises:
            WorkspaceError: for an unknown run, and for one that is still at work.
        """
        folder = self._run_folder(run_id)
        if (folder / "process.json").exists() and _is_active(folder):
            raise WorkspaceError("The run is still training", todo="Stop it first, then delete it")
        _move(folder, self.root / "trash" / "runs")

    def restore_run(self, run_id: str) -> Run:
        """Brings a deleted run back."""
        folder = self.root / "trash" / "runs" / run_id
        if not run_folders.is_run_id(run_id) or not folder.is_dir():
            raise _unknown("deleted run")
        _move(folder, self.runs_folder)
        return self.run(run_id)

    def samples(self) -> list[Sample]:
        """The data sets that come with the product, in the order of their cards."""
        found = [(read_json(path), path.parent) for path in sorted(SAMPLES.glob("*/sample.json"))]
        found.sort(key=lambda pair: pair[0]["order"])
        return [_sample(values, folder) for values, folder in found]

    def _run_folder(self, run_id: str) -> Path:
        folder = self.runs_folder / run_id
        if not run_folders.is_run_id(run_id) or not folder.is_dir():
            raise _unknown("run")
        return folder


def _sample(values: dict[str, str], folder: Path) -> Sample:
    return Sample(
        name=folder.name,
        title=values["title"],
        path=folder / values["file"],
        description=values["description"],
        text=values["text"],
        label=values.get("label"),
        group=values.get("group"),
        licence=values["licence"],
        source=values["source"],
    )


def _is_dataset_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{12}", text) is not None


def _unknown(kind: str) -> WorkspaceError:
    """One answer for an id that is not there and one that cannot be: the id itself is not repeated."""
    return WorkspaceError(f"There is no such {kind} in this workspace", todo="Choose one from the list")


def _checked_name(name: str) -> str:
    checked = clean_name(name, limit=MAX_NAME_CHARS)
    if not checked:
        raise WorkspaceError("The name is empty", expected="At least one visible character")
    return checked


def _readable(read: Callable[[Path], T], folders: Iterable[Path]) -> list[T]:
    """What can be read of `folders`: one damaged folder must not hide the others."""
    found = []
    for folder in folders:
        try:
            found.append(read(folder))
        except (DataError, RunError):
            continue
    return found


def _is_active(folder: Path) -> bool:
    from sentiment.training import jobs

    return jobs.read_state(folder).active


def _move(folder: Path, target: Path) -> None:
    """Moves a folder into `target`, replacing one of the same name there."""
    place = target / folder.name
    try:
        if place.exists():
            shutil.rmtree(place)
        os.replace(folder, place)
    except OSError as error:
        raise WorkspaceError(
            f"The folder {folder.name} cannot be moved ({error.strerror})", todo="Check the workspace's permissions"
        ) from error
