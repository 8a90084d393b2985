"""Fine-tuning as a process of its own: start, stop, resume, and what became of it.

A job is `python -m sentiment.training.worker RUN_FOLDER`. It lives in a session of its own, so it survives the
server that started it; everything it has to say stands in the run folder.

Where a run is about to be wanted, `prepare` has a worker load its libraries beforehand and stand by.
"""

import dataclasses
import subprocess
import threading
import time
from pathlib import Path

from sentiment.access import Role, require
from sentiment.errors import RunError
from sentiment.training.processes import Process, end, just_started, note_worker, spawn, worker_of
from sentiment.training.runs import Run, RunState

_MODULE = "sentiment.training.worker"
_standby: list[Process] = []  # a worker that waits for a run folder on its standard input; one at most
_standby_lock = threading.Lock()


def start(run_folder: Path) -> None:
    """Starts the worker of a run and returns at once. It waits for its turn if another run is training.

    Raises:
        AccessError: if the one who acts is no owner.
        RunError: if the run has a live worker or has finished.
    """
    require(Role.OWNER, doing="fine-tune a model")
    run = Run(run_folder)
    if worker_of(run_folder) is not None:
        raise RunError(f"Run {run.id} is being trained already")
    if run.state.status == "finished":
        raise RunError(f"Run {run.id} has finished", todo="Start a new run to train again")
    for left_over in ("stop", "process.json"):
        (run_folder / left_over).unlink(missing_ok=True)
    run.write_state(dataclasses.replace(run.state, status="queued", phase="Starting", error=None, message=""))
    note_worker(run_folder, _take_standby(run_folder) or _spawn(run_folder))


def prepare() -> None:
    """Has a worker load its libraries, so that the next run of this process takes its first step sooner.

    It ends by itself with this process, or when nothing has come for some minutes.

    Raises:
        AccessError: as `start`.
    """
    require(Role.OWNER, doing="fine-tune a model")
    with _standby_lock:
        _drop_ended()
        if not _standby:
            _standby.append(_spawn_standby())


def _take_standby(run_folder: Path) -> Process | None:
    """The worker that stands by, now with this run; None if there is none."""
    with _standby_lock:
        _drop_ended()
        if not _standby:
            return None
        process = _standby.pop()
    assert process.stdin is not None
    try:
        with process.stdin as named:
            named.write(f"{run_folder.resolve()}\n".encode())
    except OSError:  # it has just ended
        return None
    return process


def _drop_ended() -> None:
    for process in [process for process in _standby if process.poll() is not None]:
        _standby.remove(process)
        if process.stdin is not None:
            process.stdin.close()


def _spawn(run_folder: Path) -> Process:
    """A worker for a run."""
    with (run_folder / "log.txt").open("ab") as log:
        return spawn(_MODULE, str(run_folder.resolve()), stdin=subprocess.DEVNULL, output=log)


def _spawn_standby() -> Process:
    """A worker for the run that its standard input will name; it writes to that run's log from then on."""
    return spawn(_MODULE, stdin=subprocess.PIPE, output=subprocess.DEVNULL)


def resume(run_folder: Path) -> None:
    """Starts the worker again; it goes on from the last checkpoint, or from the start if there is none.

    Raises:
        AccessError, RunError: as `start`.
    """
    require(Role.OWNER, doing="resume a run")
    worker = worker_of(run_folder)
    if worker is not None and Run(run_folder).state.status == "stopped":
        end(worker)  # it only measures baselines now; the new worker does that again
    start(run_folder)


def stop(run_folder: Path) -> None:
    """Asks a run to stop; what was learned is kept. A run without a first step is ended on the spot.

    Returns at once; the state says "stopped" within a second or two.

    Raises:
        AccessError: if the one who acts is no owner.
    """
    require(Role.OWNER, doing="stop a run")
    run = Run(run_folder)
    state = read_state(run_folder)
    if not state.active:
        return
    (run_folder / "stop").touch()
    if state.step == 0 and not run.has_model:
        worker = worker_of(run_folder)
        if worker is not None:
            end(worker)
        run.write_state(
            dataclasses.replace(
                state, status="stopped", phase="", seconds_left=None, message="Stopped before the first training step."
            )
        )
    else:
        if not (state := run.state).active:  # it has just ended by itself
            return
        run.write_state(dataclasses.replace(state, status="stopping", phase="Stopping and keeping the best weights"))


def read_state(run_folder: Path) -> RunState:
    """The state of a run; "interrupted" if it should have a worker and has none.

    Raises:
        RunError: if the folder is not a run's.
    """
    run = Run(run_folder)
    state = run.state
    if not state.active or worker_of(run_folder) is not None or just_started(run_folder):
        return state
    state = run.state  # the worker may have ended properly between the two looks
    if not state.active:
        return state
    return dataclasses.replace(
        state,
        status="interrupted",
        phase="",
        seconds_left=None,
        message="The training process is gone. What it had saved is kept; resume to go on from there.",
    )


def wait_for_worker(run_folder: Path, *, seconds: float) -> bool:
    """Waits until no process works in a run folder any more; a worker has a little to do after its run has finished.

    Returns:
        Whether that is so; False if it took longer.
    """
    until = time.monotonic() + seconds
    while worker_of(run_folder) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
