"""The job process: `python -m sentiment.training.worker [RUN_FOLDER]`.

It waits for its turn (one run of a workspace trains at a time, oldest first), trains, and leaves every outcome,
also a failure, in the run folder. Without a folder it loads its libraries and waits for one on its standard input.
"""

import dataclasses
import os
import select
import sys
import time
import traceback
from pathlib import Path

from filelock import FileLock, Timeout

from sentiment.data import Dataset
from sentiment.errors import RunError, SentimentError
from sentiment.training.jobs import read_state
from sentiment.training.runs import LABELS_FILE, Run

_POLL_SECONDS = 0.3
_STANDBY_SECONDS = 600.0
_NICENESS = 15  # the server beside it answers first; on an idle machine it costs nothing


def main(run_folder: Path) -> int:
    """Trains the run and returns the process's exit status."""
    _write_log(run_folder)
    os.chdir(run_folder)  # which no other command has reason to remove or to write to
    run = Run(run_folder)
    lock = FileLock(run_folder.parent / ".training.lock")
    try:
        if not _wait_for_turn(run, lock):
            run.write_state(
                dataclasses.replace(run.state, status="stopped", phase="", message="Cancelled in the queue.")
            )
            return 0
        _train(run)
    except SentimentError as error:
        _fail(run, error)
        return 2
    except Exception as error:  # noqa: BLE001 the run folder is the only place left to say it
        traceback.print_exc()
        unexpected = RunError(
            f"Training ended with an unexpected error: {type(error).__name__}: {str(error)[:200]}",
            todo="Resume the run; if it happens again, send log.txt of the run folder to the maintainers",
        )
        _fail(run, unexpected)
        return 1
    finally:
        lock.release()
    return 0


def stop_requested(run: Run) -> bool:
    """Whether somebody asked the run to stop."""
    return (run.folder / "stop").exists()


def stand_by() -> Path | None:
    """The run folder that is named on the standard input; None if it is closed, or nothing comes for long."""
    from sentiment.models.device import prepare_device
    from sentiment.training import finetune, network, simple  # noqa: F401 what nearly every run imports

    prepare_device()
    came, _, _ = select.select([sys.stdin], [], [], _STANDBY_SECONDS)
    line = sys.stdin.readline().strip() if came else ""
    return Path(line) if line else None


def _write_log(run_folder: Path) -> None:
    """Sends what the process prints, whoever prints it, to the run's log."""
    log = os.open(run_folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)


def _train(run: Run) -> None:
    if run.info.dataset.folder is None:
        raise RunError(f"Run {run.id} was made from a file", todo="Resume it with `finetune --resume` and that file")
    run.write_state(dataclasses.replace(run.state, status="starting", phase="Reading the dataset"))
    from sentiment.data import load_labeled
    from sentiment.training.finetune import finetune

    dataset = load_labeled((run.folder / run.info.dataset.folder).resolve(), run.folder / LABELS_FILE)
    state = finetune(run, dataset, should_stop=lambda: stop_requested(run))
    if state.status == "finished":
        _measure_learning(run, dataset)


def _measure_learning(run: Run, dataset: Dataset) -> None:
    """Adds what more labels would bring; the run has finished by then, and stays so whatever happens here."""
    from sentiment.training.learning_curve import measure_learning

    try:
        measure_learning(run, dataset)
    except Exception:  # noqa: BLE001 the result is complete without it; the log says why it is missing
        traceback.print_exc()


def _wait_for_turn(run: Run, lock: FileLock) -> bool:
    """True once this run may train; False if it was asked to stop while it waited."""
    while not stop_requested(run):
        ahead = _ahead(run)
        if not ahead:
            try:
                lock.acquire(timeout=_POLL_SECONDS)
                return True
            except Timeout:
                ahead = 1
        run.write_state(dataclasses.replace(run.state, status="queued", phase=f"Waiting for {ahead} earlier run(s)"))
        time.sleep(_POLL_SECONDS)
    return False


def _ahead(run: Run) -> int:
    """How many older runs of the workspace are queued or training."""
    count = 0
    for folder in run.folder.parent.iterdir():
        if folder.name < run.folder.name and (folder / "run.json").exists():
            try:
                count += read_state(folder).active
            except RunError:
                continue
    return count


def _fail(run: Run, error: SentimentError) -> None:
    sys.stderr.write(f"{error}\n")
    run.write_state(
        dataclasses.replace(run.state, status="failed", phase="", seconds_left=None, error=error.to_dict(), message="")
    )


if __name__ == "__main__":
    os.nice(_NICENESS)
    named = Path(sys.argv[1]) if len(sys.argv) > 1 else stand_by()
    sys.exit(0 if named is None else main(named))
