"""A workspace with a dataset and a finished run, made through the library, for tests that only look."""

import time
from pathlib import Path

from sentiment import data
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run
from sentiment.workspace import Workspace


def add_sample(workspace: Workspace, name: str) -> str:
    """Imports the sample with that name; returns the id of the dataset."""
    sample = next(sample for sample in workspace.samples() if sample.name == name)
    dataset = data.import_file(sample.path, text=sample.text, label=sample.label, group=sample.group)
    return workspace.add_dataset(dataset)[0].id


def train(workspace: Workspace, dataset_id: str, config: FinetuneConfig, *, timeout: float = 240) -> Run:
    """A finished run on a dataset.

    Raises:
        RuntimeError: if it ends otherwise or takes longer than `timeout` seconds.
    """
    run = workspace.create_run(dataset_id, config)
    jobs.start(run.folder)
    deadline = time.monotonic() + timeout
    while (state := jobs.read_state(run.folder)).active:
        if time.monotonic() > deadline:
            jobs.stop(run.folder)
            raise RuntimeError(f"The run was still {state.phase!r} after {timeout:.0f} seconds")
        time.sleep(0.5)
    if state.status != "finished":
        raise RuntimeError(f"The run {state.status}: {state.error or state.message}\n{log_of(run.folder)}")
    return run


def log_of(run_folder: Path) -> str:
    """The end of what a run's worker printed."""
    log = run_folder / "log.txt"
    return log.read_text(encoding="utf-8", errors="replace")[-3000:] if log.exists() else ""
