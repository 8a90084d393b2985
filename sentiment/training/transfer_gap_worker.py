"""The job process: `python -m sentiment.training.transfer_gap_worker FOLDER`.

It waits until no run of the workspace trains, measures cell by cell, and leaves every outcome in the folder.
"""

import dataclasses
import os
import sys
import time
import traceback
from pathlib import Path

from filelock import FileLock, Timeout

from sentiment.errors import RunError, SentimentError
from sentiment.training.runs import RunState
from sentiment.training.transfer_gap_folder import STOPPED, GapFolder

_POLL_SECONDS = 0.3
_NICENESS = 15  # as a run's worker


def main(folder: Path) -> int:
    """Measures, and returns the process's exit status."""
    gap = GapFolder(folder)
    lock = FileLock(_lock_file(folder))
    try:
        if not _wait_for_turn(gap, lock):
            gap.write_state(RunState(status="stopped", phase="", message="Cancelled while it waited for its turn."))
            return 0
        _measure(gap)
    except SentimentError as error:
        _fail(gap, error)
        return 2
    except Exception as error:  # noqa: BLE001 the folder is the only place left to say it
        traceback.print_exc()
        given = f"Measuring ended with an unexpected error: {type(error).__name__}: {str(error)[:200]}"
        _fail(gap, RunError(given, todo="Go on; if it happens again, send log.txt of its folder to the maintainers"))
        return 1
    finally:
        lock.release()
    return 0


def _lock_file(folder: Path) -> Path:
    """What the runs of the workspace, <workspace>/datasets/<id>/gaps/<base> being the folder, take turns by."""
    runs = folder.resolve().parents[3] / "runs"
    return (runs if runs.is_dir() else folder) / ".training.lock"


def _wait_for_turn(gap: GapFolder, lock: FileLock) -> bool:
    """True once this may begin; False if it was asked to stop while it waited."""
    while not _asked(gap):
        try:
            lock.acquire(timeout=_POLL_SECONDS)
            return True
        except Timeout:
            gap.write_state(RunState(phase="Waiting for a run that trains"))
            time.sleep(_POLL_SECONDS)
    return False


def _asked(gap: GapFolder) -> bool:
    return (gap.folder / "stop").exists()


def _measure(gap: GapFolder) -> None:
    info, began = gap.info, time.monotonic()
    if info is None:
        raise RunError("The description of this measurement is damaged", todo="Measure it again")
    gap.write_state(RunState(status="starting", phase="Loading the base model"))
    from sentiment.models.device import prepare_device
    from sentiment.training.transfer_gap import measure
    from sentiment.training.transfer_gap_rows import gap_rows

    state = RunState(status="running", device=prepare_device())

    def tell(phase: str, done: int, total: int, left: float | None) -> None:
        nonlocal state
        elapsed = round(time.monotonic() - began, 1)
        state = dataclasses.replace(
            state, phase=phase, step=done, total_steps=total, seconds_left=left, elapsed=elapsed
        )
        gap.write_state(state)

    result = measure(
        gap_rows(gap.rows(), info.classes),
        info.base,
        n_draws=info.n_draws,
        known=gap.cells(),
        on_progress=tell,
        on_cell=gap.add_cell,
        should_stop=lambda: _asked(gap),
    )
    state = dataclasses.replace(state, phase="", seconds_left=None, elapsed=round(time.monotonic() - began, 1))
    if result is None:
        gap.write_state(dataclasses.replace(state, status="stopped", message=STOPPED))
        return
    gap.write_result(result)
    gap.write_state(dataclasses.replace(state, status="finished"))


def _fail(gap: GapFolder, error: SentimentError) -> None:
    sys.stderr.write(f"{error}\n")
    gap.write_state(RunState(status="failed", phase="", error=error.to_dict()))


if __name__ == "__main__":
    os.nice(_NICENESS)
    if len(sys.argv) != 2:
        sys.exit("python -m sentiment.training.transfer_gap_worker takes one argument: FOLDER")
    sys.exit(main(Path(sys.argv[1])))
