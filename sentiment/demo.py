"""What a demo needs: `python -m sentiment.demo` puts a sample and a fine-tuned run into an empty workspace."""

import sys
import time
from collections.abc import Callable
from functools import partial

from sentiment import data
from sentiment.access import is_demo
from sentiment.data import DatasetInfo
from sentiment.errors import RunError, SentimentError, UsageError
from sentiment.shown import read_shown
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run
from sentiment.workspace import Workspace

_LOOK_SECONDS = 0.5
_LAST_SECONDS = 600.0  # for what a worker measures once its run has finished


def shown_in_demo(workspace: Workspace) -> tuple[list[DatasetInfo], list[Run]]:
    """The datasets and the runs that demo mode shows of a workspace, newest first.

    Raises:
        AccessError: if the file that says so cannot be used.
    """
    shown, runs = read_shown(workspace.root), workspace.runs()
    infos = {info.id: info for info in workspace.datasets()}
    names = {info.id: (info.id, info.name) for info in infos.values()}

    def runs_of(info: DatasetInfo) -> list[tuple[str, ...]]:
        return [(run.id, run.info.name) for run in runs if run.info.dataset.id == info.id]

    found = [run for run in runs if run.info.dataset.id in names]
    return (
        [info for info in infos.values() if shown.has_dataset(names[info.id], partial(runs_of, info))],
        [run for run in found if shown.has_run((run.id, run.info.name), names[run.info.dataset.id])],
    )


def prepare_demo(workspace: Workspace, *, tell: Callable[[str], None] = lambda said: None) -> Run | None:
    """A finished run on the first sample, in a workspace that has no dataset; None where it has one.

    Args:
        workspace: where they are put.
        tell: called with a sentence whenever something begins.

    Raises:
        RunError: if the run does not finish.
        UsageError: in demo mode, which writes nothing.
    """
    if is_demo():
        raise UsageError("Demo mode writes nothing", todo="Prepare the demo without SENTIMENT_MODE, then start it")
    if workspace.datasets():
        return None
    sample = workspace.samples()[0]
    tell(f"The workspace {workspace.root} is empty: adding the sample “{sample.title}” …")
    dataset = data.import_file(
        sample.path, text=sample.text, label=sample.label, group=sample.group, language=sample.language
    )
    info, _ = workspace.add_dataset(dataset)
    tell("Fine-tuning a model on it, which takes a minute or so …")
    run = workspace.create_run(info.id, FinetuneConfig())
    jobs.start(run.folder)
    return _finished(run)


def _finished(run: Run) -> Run:
    while (state := jobs.read_state(run.folder)).active:
        time.sleep(_LOOK_SECONDS)
    if state.status != "finished":
        why = (state.error or {}).get("given") or state.message or state.status
        raise RunError(f"The run for the demo did not finish: {why}", todo=f"Look at {run.folder / 'log.txt'}")
    jobs.wait_for_worker(run.folder, seconds=_LAST_SECONDS)
    return run


def main() -> int:
    """Prepares the workspace of this process; returns the exit status."""

    def tell(said: str) -> None:
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()

    try:
        workspace = Workspace()
        prepare_demo(workspace, tell=tell)
        tell(f"The demo shows {workspace.root}, and changes nothing there.")
    except SentimentError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
