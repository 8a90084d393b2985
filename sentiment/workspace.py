"""Where datasets and runs live: one folder, in which everything is written whole or not at all.

datasets/<id>/       dataset.json, rows.parquet: as it was imported
languages/<id>.json  the languages of rows as people corrected them (see sentiment.correcting)
labels.sqlite        what people did with labels since (see sentiment.labels.store); not there with DATABASE_URL
runs/<id>/           a run folder (see sentiment.training.runs)
trash/datasets|runs  what was deleted, until it is restored
roles.toml           who may do what, if somebody wrote it (see sentiment.roles)
demo.toml            what demo mode shows, if somebody wrote it (see sentiment.shown)

In demo mode nothing is written here, not even a file that is taken away at once: the folder may be read-only.
"""

import os
import re
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from sentiment import data
from sentiment.access import Role, is_demo, require
from sentiment.correcting import LanguageCorrections
from sentiment.data import Dataset, DatasetInfo, FileLabels, Overlay
from sentiment.data.cells import clean_name
from sentiment.data.language_changes import LanguageChanges, changes_json, correct_info, correct_languages
from sentiment.data.overlay import CHANGES_FILE
from sentiment.data.storage import rename_saved
from sentiment.errors import DataError, RunError, WorkspaceError
from sentiment.files import workspace_folder, write_json
from sentiment.samples import Sample, list_samples
from sentiment.sealing import seal
from sentiment.shown import Shown, read_shown
from sentiment.training import runs as run_folders
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import LABELS_FILE, Run
from sentiment.workspace_folders import check_demo, list_folders, make_folders, move_folder, read_all

if TYPE_CHECKING:
    from sentiment.labels.store import LabelStore

DATABASE = "DATABASE_URL"
MAX_NAME_CHARS = 120
_KEPT = 16  # datasets whose labels are remembered

T = TypeVar("T")


class Workspace:
    """The folder that holds datasets and runs.

    Args:
        root: the folder; by default what the environment variable SENTIMENT_WORKSPACE names, else ./workspace.
            It is made if it is not there.

    Methods that change something raise AccessError where the one who acts may not (see `access`).

    Raises:
        WorkspaceError: if it cannot be written; in demo mode, if it is not there.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = workspace_folder() if root is None else Path(root).absolute()
        if is_demo():
            seal(self.root)
            check_demo(self.root)
        else:
            make_folders(self.root)
        self.languages = LanguageCorrections(self.root, self.imported)
        self._store: LabelStore | None = None
        self._opening = Lock()
        self._infos: dict[str, tuple[tuple[int, int], DatasetInfo]] = {}
        self._overlays: dict[str, tuple[tuple[int, int], Overlay]] = {}

    @property
    def labels(self) -> "LabelStore":
        """What people did with labels: in labels.sqlite, or where the environment variable DATABASE_URL says.

        Raises:
            WorkspaceError: if the database cannot be reached or written, or was written by a newer version.
        """
        from sentiment.labels.store import LabelStore  # only those who label, or did, wait for the database's library

        with self._opening:
            if self._store is None:
                source = FileLabels(self.dataset_folder)
                self._store = LabelStore.open(self._labels_address, source=source)
            return self._store

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
        if not _is_dataset_id(dataset_id) or not folder.is_dir() or not self._shows_dataset(folder):
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
        require(Role.OWNER, doing="add a dataset")
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
        """All datasets as they were imported, newest first; a damaged one is passed over."""
        folders = (folder for folder in list_folders(self.root / "datasets") if _is_dataset_id(folder.name))
        infos = read_all(data.load_dataset_info, (folder for folder in folders if self._shows_dataset(folder)))
        return sorted(infos, key=lambda info: (info.created, info.id), reverse=True)

    def dataset(self, dataset_id: str) -> Dataset:
        """A dataset with its rows and the labels and languages that they have now.

        Raises:
            WorkspaceError: as for `dataset_folder`, and if the labels cannot be read.
            DataError: if it is damaged.
        """
        imported = correct_languages(self.imported(dataset_id), self.languages.read(dataset_id))
        return data.relabel(imported, self.overlay(dataset_id))

    def imported(self, dataset_id: str) -> Dataset:
        """A dataset with its rows as it was imported (errors as for `dataset`, but for the labels)."""
        return data.load_dataset(self.dataset_folder(dataset_id))

    def dataset_info(self, dataset_id: str) -> DatasetInfo:
        """A dataset without its rows, counted with the labels that they have now (errors as for `dataset`)."""
        imported = data.load_dataset_info(self.dataset_folder(dataset_id))
        return correct_info(self._labeled_info(imported), self.languages.read(dataset_id))

    def _labeled_info(self, imported: DatasetInfo) -> DatasetInfo:
        """What an imported dataset is with the labels that it has now."""
        dataset_id = imported.id
        version = self.labels_version(dataset_id)
        if version == (0, 0):
            return imported
        known_version, info = self._infos.get(dataset_id, (None, imported))
        if known_version != version:
            info = data.relabel_info(imported, self.overlay(dataset_id))
            _keep(self._infos, dataset_id, (version, info))
        return replace(info, name=imported.name, language_counts=imported.language_counts)

    def labels_version(self, dataset_id: str) -> tuple[int, int]:
        """What changes whenever labels or classes of a dataset do; (0, 0) as long as nobody did anything.

        Raises:
            WorkspaceError: if the labels cannot be read.
        """
        return self.labels.version(dataset_id) if self._has_labels else (0, 0)

    def overlay(self, dataset_id: str) -> Overlay:
        """What people changed in the labels of a dataset (errors as for `labels_version`)."""
        version = self.labels_version(dataset_id)
        if version == (0, 0):
            return Overlay.nothing()
        known, overlay = self._overlays.get(dataset_id, ((0, 0), Overlay.nothing()))
        if known != version:
            same_classes = known != (0, 0) and known[1] == version[1]
            changed = self.labels.current(dataset_id, since=known[0]) if same_classes else None
            overlay = self.labels.overlay(dataset_id) if changed is None else overlay.updated(changed)
            _keep(self._overlays, dataset_id, (version, overlay))
        return overlay

    def find_by_file(self, file_hash: str) -> list[DatasetInfo]:
        """The datasets that were made from a file, newest first, by the sha256 of the file."""
        return [info for info in self.datasets() if info.file_hash == file_hash]

    def rename_dataset(self, dataset_id: str, name: str) -> DatasetInfo:
        """Gives a dataset another name; its content and id stay.

        Raises:
            WorkspaceError: for an unknown id or an empty name.
        """
        require(Role.OWNER, doing="rename a dataset")
        return rename_saved(self.dataset_folder(dataset_id), _checked_name(name))

    def delete_dataset(self, dataset_id: str) -> None:
        """Moves a dataset to the trash, from which `restore_dataset` brings it back.

        Raises:
            WorkspaceError: for an unknown dataset, and for one that a run is still at work on.
        """
        require(Role.OWNER, doing="delete a dataset")
        folder = self.dataset_folder(dataset_id)
        runs = [run for run in self._all_runs() if run.info.dataset.id == dataset_id and _is_active(run.folder)]
        if runs:
            raise WorkspaceError(
                f"The dataset is needed by runs in training: {', '.join(f'“{run.info.name}”' for run in runs)}",
                todo="Stop them first, then delete it",
            )
        move_folder(folder, self.root / "trash" / "datasets")

    def restore_dataset(self, dataset_id: str) -> DatasetInfo:
        """Brings a deleted dataset back."""
        require(Role.OWNER, doing="bring a dataset back")
        folder = self.root / "trash" / "datasets" / dataset_id
        if not _is_dataset_id(dataset_id) or not folder.is_dir():
            raise _unknown("deleted dataset")
        move_folder(folder, self.root / "datasets")
        return self.dataset_info(dataset_id)

    def create_run(self, dataset_id: str, config: FinetuneConfig, *, name: str | None = None) -> Run:
        """A new run on a dataset with its labels as they are now, queued; `training.jobs.start` sets a worker on it.

        Raises:
            WorkspaceError: for an unknown dataset.
            RunError: if its folder cannot be written.
        """
        require(Role.OWNER, doing="fine-tune a model")
        overlay = self.overlay(dataset_id)
        languages = self.languages.read(dataset_id)
        dataset = data.relabel_info(data.load_dataset_info(self.dataset_folder(dataset_id)), overlay)
        dataset = correct_info(dataset, languages)
        run_id = run_folders.new_id()
        folder = self.runs_folder / run_id
        info = run_folders.describe_run(
            dataset,
            config,
            run_id=run_id,
            name=_checked_name(name or f"{dataset.name} · {config.base_name}"),
            dataset_folder=os.path.relpath(self.dataset_folder(dataset_id), folder),
        )
        run = run_folders.create_run(folder, info)
        _keep_corrections(overlay, languages, folder)
        return run

    def runs(self) -> list[Run]:
        """All runs, newest first; a damaged one is passed over."""
        shown = self._shown
        found = [run for run in self._all_runs() if shown is None or self._shows_run(run, shown)]
        return sorted(found, key=lambda run: (run.info.created, run.id), reverse=True)

    def run(self, run_id: str) -> Run:
        """A run.

        Raises:
            WorkspaceError: if there is no such run; the same for an id that cannot be one.
            RunError: if it is damaged.
        """
        run = Run(self._run_folder(run_id))
        shown = self._shown
        if shown is not None and not self._shows_run(run, shown):
            raise _unknown("run")
        return run

    def delete_run(self, run_id: str) -> None:
        """Moves a run to the trash, from which `restore_run` brings it back.

        Raises:
            WorkspaceError: for an unknown run, one that is still at work, one that the endpoint answers with, and one
                that unfinished runs begin with.
        """
        from sentiment.serving.served import check_not_served
        from sentiment.unfinished import check_unneeded

        require(Role.OWNER, doing="delete a run")
        folder = self._run_folder(run_id)
        if _is_active(folder):
            raise WorkspaceError("The run is still training", todo="Stop it first, then delete it")
        check_not_served(self, folder)
        check_unneeded(folder, name=_name_of_run(folder))
        move_folder(folder, self.root / "trash" / "runs")

    def restore_run(self, run_id: str) -> Run:
        """Brings a deleted run back."""
        require(Role.OWNER, doing="bring a run back")
        folder = self.root / "trash" / "runs" / run_id
        if not run_folders.is_run_id(run_id) or not folder.is_dir():
            raise _unknown("deleted run")
        move_folder(folder, self.runs_folder)
        return self.run(run_id)

    def samples(self) -> list[Sample]:
        """The data sets that come with the product, in the order of their cards."""
        return list_samples()

    @property
    def _labels_address(self) -> str | Path:
        return os.environ.get(DATABASE) or self.root / "labels.sqlite"

    @property
    def _has_labels(self) -> bool:
        """Whether there is a database to ask; without one, nothing has to be loaded or made."""
        return self._store is not None or not isinstance(place := self._labels_address, Path) or place.exists()

    @property
    def _shown(self) -> Shown | None:
        """What may be seen; None for everything."""
        return read_shown(self.root) if is_demo() else None

    def _shows_dataset(self, folder: Path) -> bool:
        shown = self._shown
        if shown is None or shown == Shown():
            return True
        runs = (run for run in self._all_runs() if run.info.dataset.id == folder.name)
        names = self._names_of_dataset(folder.name)
        return shown.has_dataset(names, lambda: [(run.id, run.info.name) for run in runs])

    def _shows_run(self, run: Run, shown: Shown) -> bool:
        return shown.has_run((run.id, run.info.name), self._names_of_dataset(run.info.dataset.id))

    def _names_of_dataset(self, dataset_id: str) -> tuple[str, ...]:
        """Its id, and its name where it is still there."""
        try:
            return dataset_id, data.load_dataset_info(self.root / "datasets" / dataset_id).name
        except DataError:
            return (dataset_id,)

    def _all_runs(self) -> list[Run]:
        """All runs that can be read, shown or not."""
        return read_all(
            Run, (folder for folder in list_folders(self.runs_folder) if run_folders.is_run_id(folder.name))
        )

    def _run_folder(self, run_id: str) -> Path:
        folder = self.runs_folder / run_id
        if not run_folders.is_run_id(run_id) or not folder.is_dir():
            raise _unknown("run")
        return folder


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


def _keep(kept: dict[str, T], dataset_id: str, value: T) -> None:
    """Remembers `value`, and forgets the oldest ones beyond `_KEPT`."""
    kept.pop(dataset_id, None)
    kept[dataset_id] = value
    for oldest in list(kept)[:-_KEPT]:
        kept.pop(oldest, None)


def _keep_corrections(overlay: Overlay, languages: LanguageChanges, folder: Path) -> None:
    """Writes what a run is trained on into its folder: later corrections do not change what it resumes with."""
    try:
        if not overlay.empty:
            data.save_overlay(overlay, folder / LABELS_FILE)
        if languages.changes:
            write_json(folder / CHANGES_FILE, changes_json(languages))
    except OSError as error:
        raise RunError(f"The run folder {folder.name} cannot be written ({error.strerror})") from error


def _name_of_run(folder: Path) -> str:
    """What people call a run, in quotes; the id of one whose description is damaged."""
    try:
        return f"“{Run(folder).info.name}”"
    except RunError:
        return folder.name


def _is_active(folder: Path) -> bool:
    """Whether a worker trains a run, or waits to."""
    from sentiment.training import jobs

    return (folder / "process.json").exists() and jobs.read_state(folder).active
