"""A workspace with something of everything, every write that the library knows, and whether anything in it changed."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from sentiment import data, importing, importing_package, importing_vectors, judging, transfer_gap
from sentiment.data import Dataset
from sentiment.labeling import Labeling
from sentiment.labels.events import NewEvent
from sentiment.labels.exchange import import_labels
from sentiment.labels.store import LabelStore
from sentiment.models.keras_import.importing import KerasOptions
from sentiment.serving import served
from sentiment.training import jobs, learning_curve, runs, text_map, transfer_gap_jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.training.text_reader import TextReader
from sentiment.training.transfer_gap_folder import GapFolder, GapInfo, gap_folder
from sentiment.workspace import Workspace

CSV = b"text,label\n" + "".join(f"review number {i},{'pos' if i % 3 else 'neg'}\n" for i in range(30)).encode()
WHO = "ann"


@dataclass
class World:
    """A workspace as this process sees it now, and what is in it."""

    workspace: Workspace
    dataset_id: str
    run_id: str
    gone_dataset: str
    gone_run: str
    event_id: int

    @property
    def store(self) -> LabelStore:
        return self.workspace.labels

    @property
    def run(self) -> Run:
        return self.workspace.run(self.run_id)

    @property
    def labeling(self) -> Labeling:
        """The labeling loop as a page has it, but for its first update."""
        made = Labeling.__new__(Labeling)
        made.id, made.store = self.dataset_id, self.store
        return made


def made_dataset(content: bytes = CSV, name: str = "mine") -> Dataset:
    table = data.read_table(content, name="reviews.csv")
    return data.build_dataset(table, text="text", label="label", name=name)


def make_world(root: Path) -> World:
    """Makes a workspace by way of the library, as its owner."""
    workspace = Workspace(root)
    info, _ = workspace.add_dataset(made_dataset())
    gone, _ = workspace.add_dataset(made_dataset(CSV + b"one more,pos\n", name="gone"))
    run, old = (workspace.create_run(info.id, FinetuneConfig(), name=name) for name in ("kept", "old"))
    run.write_predictions(predictions(workspace.dataset(info.id)))
    run.write_state(RunState(status="stopped", step=3, total_steps=9))
    workspace.delete_dataset(gone.id)
    workspace.delete_run(old.id)
    events = workspace.labels.label(info.id, [0, 1], "pos", who=WHO)
    workspace.labels.close()
    return World(workspace, info.id, run.id, gone.id, old.id, events[0].id)


def seen_now(world: World) -> World:
    """The same workspace, opened again as this process would open it now."""
    return replace(world, workspace=Workspace(world.workspace.root))


def predictions(dataset: Dataset) -> pd.DataFrame:
    """Held-out rows of which every model says the first class."""
    rows = dataset.frame[["row", "text", "label", "group"]].dropna(subset="label").assign(split="test")
    first, *others = dataset.classes
    for model in runs.MODELS:
        rows[f"{model}:prediction"] = first
        rows[f"{model}:prob:{first}"] = 0.75
        for label in others:
            rows[f"{model}:prob:{label}"] = 0.25 / len(others)
    return rows


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """All that can be told of every file and folder below `root` from outside: times, size, mode, content."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [root, *root.rglob("*")]:
        stat = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_mode, content)
    return found


@contextmanager
def unchanged(root: Path) -> Iterator[None]:
    """Whatever is done in here must leave everything below `root` as it was, byte for byte."""
    before = snapshot(root)
    yield
    after = snapshot(root)
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    assert not changed, f"changed: {', '.join(changed)}"


def _event(world: World, kind: str, **values: object) -> list[NewEvent]:
    return [NewEvent(row=2, kind=kind, who=WHO, **values)]


# Every method and function that changes something, each tried as a caller would call it.
WRITES: dict[str, Callable[[World], object]] = {
    "Workspace.add_dataset": lambda w: w.workspace.add_dataset(made_dataset(CSV + b"new,pos\n")),
    "Workspace.rename_dataset": lambda w: w.workspace.rename_dataset(w.dataset_id, "other"),
    "Workspace.delete_dataset": lambda w: w.workspace.delete_dataset(w.dataset_id),
    "Workspace.restore_dataset": lambda w: w.workspace.restore_dataset(w.gone_dataset),
    "Workspace.create_run": lambda w: w.workspace.create_run(w.dataset_id, FinetuneConfig()),
    "Workspace.delete_run": lambda w: w.workspace.delete_run(w.run_id),
    "Workspace.restore_run": lambda w: w.workspace.restore_run(w.gone_run),
    "LanguageCorrections.change": lambda w: w.workspace.languages.change(w.dataset_id, "de"),
    "LanguageCorrections.undo": lambda w: w.workspace.languages.undo(w.dataset_id),
    "LabelStore.append": lambda w: w.store.append(w.dataset_id, _event(w, "label", label="pos")),
    "LabelStore.mark": lambda w: w.store.mark(w.dataset_id, [2], "skip", who=WHO),
    "LabelStore.label": lambda w: w.store.label(w.dataset_id, [2], "neg", who=WHO),
    "LabelStore.note": lambda w: w.store.note(w.dataset_id, 2, "a note", who=WHO),
    "LabelStore.undo": lambda w: w.store.undo(w.dataset_id, who=WHO),
    "LabelStore.reserve": lambda w: w.store.reserve(w.dataset_id, [3], who=WHO),
    "LabelStore.release": lambda w: w.store.release(w.dataset_id, [3], who=WHO),
    "LabelStore.rebuild": lambda w: w.store.rebuild(w.dataset_id),
    "LabelStore.set_settings": lambda w: w.store.set_settings(w.dataset_id, who=WHO, goal=9),
    "LabelStore.set_guidelines": lambda w: w.store.set_guidelines(w.dataset_id, "words", who=WHO),
    "LabelStore.add_class": lambda w: w.store.add_class(w.dataset_id, "new", who=WHO),
    "LabelStore.rename_class": lambda w: w.store.rename_class(w.dataset_id, "pos", "new", who=WHO),
    "LabelStore.merge_classes": lambda w: w.store.merge_classes(w.dataset_id, ["pos"], "neg", who=WHO),
    "LabelStore.retire_class": lambda w: w.store.retire_class(w.dataset_id, "pos", who=WHO),
    "LabelStore.restore_class": lambda w: w.store.restore_class(w.dataset_id, 1, who=WHO),
    "Labeling.label": lambda w: w.labeling.label([2], "pos", who=WHO),
    "Labeling.mark": lambda w: w.labeling.mark(2, "flag", who=WHO),
    "Labeling.undo": lambda w: w.labeling.undo(who=WHO),
    "Run.write_state": lambda w: w.run.write_state(RunState()),
    "Run.log": lambda w: w.run.log(step=1, kind="train", loss=1.0),
    "Run.write_predictions": lambda w: w.run.write_predictions(w.run.predictions()),
    "Run.forget_judgement": lambda w: w.run.forget_judgement(),
    "Run.note_start": lambda w: w.run.note_start(""),
    "Run.write_validation": lambda w: w.run.write_validation(w.run.predictions()),
    "TextReader.read": lambda w: TextReader(w.workspace.dataset_folder(w.dataset_id), "en-cnn-news", _rows(w)).read(),
    "jobs.start": lambda w: jobs.start(w.run.folder),
    "jobs.resume": lambda w: jobs.resume(w.run.folder),
    "jobs.stop": lambda w: jobs.stop(w.run.folder),
    "jobs.prepare": lambda w: jobs.prepare(),
    "runs.create_run": lambda w: runs.create_run(w.workspace.runs_folder / runs.new_id(), w.run.info),
    "text_map.start": lambda w: text_map.start(w.workspace.root, w.dataset_id, "en-cnn-news"),
    "text_map.stop": lambda w: text_map.stop(w.workspace.dataset_folder(w.dataset_id), "en-cnn-news"),
    "judging.save_rule": lambda w: judging.save_rule(w.run, None),
    "GapFolder.create": lambda w: _gap(w).create(GapInfo("en-cnn-news", "News", ("neg", "pos"), 1, "key"), made_rows()),
    "GapFolder.write_state": lambda w: _gap(w).write_state(RunState()),
    "GapFolder.add_cell": lambda w: _gap(w).add_cell({"language": "en"}),
    "GapFolder.write_result": lambda w: _gap(w).write_result({"languages": []}),
    "transfer_gap.start_gap": lambda w: transfer_gap.start_gap(w.workspace, w.dataset_id, "en-cnn-news"),
    "transfer_gap_jobs.start": lambda w: transfer_gap_jobs.start(_gap(w), lambda: None),
    "transfer_gap_jobs.stop": lambda w: transfer_gap_jobs.stop(_gap(w)),
    "served.serve_run": lambda w: served.serve_run(w.workspace, w.run_id, on=False),
    "importing.import_keras": lambda w: importing.import_keras(
        Path("none.h5"), tokenizer=None, name="brought", options=KerasOptions(labels=("a", "b"))
    ),
    "importing.put_folder": lambda w: importing.put_folder(w.workspace.root / "bases" / "brought", lambda _: None),
    "importing.remove_base": lambda w: importing.remove_base("none"),
    "importing.remove_folder": lambda w: importing.remove_folder(w.workspace.dataset_folder(w.dataset_id)),
    "importing_package.import_base": lambda w: importing_package.import_base("none.zip", name="brought"),
    "importing_vectors.import_vectors": lambda w: importing_vectors.import_vectors(Path("none.txt"), name="brought"),
    "importing_vectors.remove_vectors": lambda w: importing_vectors.remove_vectors("none"),
    "learning_curve.measure_learning": lambda w: learning_curve.measure_learning(
        w.run, w.workspace.imported(w.dataset_id)
    ),
    "exchange.import_labels": lambda w: import_labels(
        w.store, w.workspace.imported(w.dataset_id), b"row,label\n2,pos\n", name="labels.csv", who=WHO
    ),
}


def _gap(world: World) -> GapFolder:
    return gap_folder(world.workspace.dataset_folder(world.dataset_id), "en-cnn-news")


def made_rows() -> pd.DataFrame:
    return transfer_gap.labeled_rows(made_dataset())


def _rows(world: World) -> object:
    return world.workspace.dataset(world.dataset_id).frame["row"].to_numpy()


# Every other method and function of these: they read, or hand on to one of the above.
READS = {
    "Workspace": "dataset dataset_folder dataset_info datasets find_by_file imported labels_version overlay run runs "
    "samples",
    "LanguageCorrections": "read version",
    "LabelStore": "all_classes awaiting classes close counts current disagreements guidelines history lines notes open "
    "opinions overlay settings stats version",
    # an update reads, learns and ranks in memory; what it may have made is asked for in TextReader.read, and the row
    # that a queue gives is reserved by LabelStore.reserve
    "Labeling": "classes has known next_row plateau ranked reading search stats suggestion text update update_soon",
    "Run": "history predictions validation",
    "TextReader": "progress vectors",
    "jobs": "read_state wait_for_worker",
    "runs": "describe_run is_run_id new_id now",
    "text_map": "main make_map read_map read_state",  # main and make_map are the process that text_map.start starts
    "exchange": "export_labels export_table form_of write_labels",
    "judging": "codes_of groups_of judge_run probs_of read_rule",
    "served": "check_not_served chosen_runs is_fixed served_runs",
    "importing": "check_base_name check_language check_plain_name",
    "importing_package": "",
    "importing_vectors": "",
    "learning_curve": "read_learning",
    "GapFolder": "cells rows",
    "transfer_gap": "bases_for unseen_rows describe_choice describe_language gap_table label_counts "
    "labeled_rows measure_now next_labels transfer_cells",
    "transfer_gap_jobs": "read_state",
}
