"""The measurement of a transfer gap as a process of its own: start, stop, and what became of it.

The worker is `python -m sentiment.training.transfer_gap_worker FOLDER`. Like a run it survives the server that started
it, and it takes its turn with the runs of its workspace.
"""

import dataclasses
import subprocess
from collections.abc import Callable

from filelock import FileLock, Timeout

from sentiment.access import Role, require
from sentiment.errors import RunError
from sentiment.training.processes import end, just_started, note_worker, spawn, worker_of
from sentiment.training.runs import RunState
from sentiment.training.transfer_gap_folder import STOPPED, GapFolder

_MODULE = "sentiment.training.transfer_gap_worker"
_WAIT = 30.0  # seconds for somebody else who starts the same
_GONE = "The process that measured is gone. What it had measured is kept; go on from there."


def start(gap: GapFolder, create: Callable[[], object]) -> None:
    """Starts the worker of a measurement and returns at once; what was measured before is not measured again.

    Args:
        gap: the folder.
        create: makes it ready; called once it is sure that no worker is at work in it.

    Raises:
        AccessError: if the one who acts is no owner.
        RunError: if it is being measured already, or the folder cannot be written.
    """
    require(Role.OWNER, doing="measure what languages teach each other")
    try:
        gap.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(gap.folder / ".start.lock", timeout=_WAIT):
            if worker_of(gap.folder) is not None:
                raise RunError("This is being measured already", todo="Wait for it, or stop it first")
            create()
            for left_over in ("stop", "process.json"):
                (gap.folder / left_over).unlink(missing_ok=True)
            gap.write_state(RunState(phase="Starting"))
            with (gap.folder / "log.txt").open("ab") as log:
                note_worker(gap.folder, spawn(_MODULE, str(gap.folder.resolve()), stdin=subprocess.DEVNULL, output=log))
    except (OSError, Timeout) as error:
        raise RunError(
            "This measurement could not be started",
            expected=f"Room and permission to write in {gap.folder}",
            todo="Free some space, then try again",
        ) from error


def stop(gap: GapFolder) -> None:
    """Ends a measurement; the cells that are complete are kept.

    Raises:
        AccessError: if the one who acts is no owner.
    """
    require(Role.OWNER, doing="stop a measurement")
    state = read_state(gap)
    if state is None or not state.active:
        return
    (gap.folder / "stop").touch()
    worker = worker_of(gap.folder)
    if worker is not None:
        end(worker)  # nothing of a cell that is half measured is of use
    if gap.result is None:
        gap.write_state(dataclasses.replace(state, status="stopped", phase="", seconds_left=None, message=STOPPED))


def read_state(gap: GapFolder) -> RunState | None:
    """The state of a measurement; "interrupted" if it should have a worker and has none; None if nobody began."""
    state = gap.state
    if state is None or not state.active or worker_of(gap.folder) is not None or just_started(gap.folder):
        return state
    state = gap.state  # the worker may have ended properly between the two looks
    if state is None or not state.active:
        return state
    return dataclasses.replace(state, status="interrupted", phase="", seconds_left=None, message=_GONE)
