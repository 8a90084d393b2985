"""Which runs of a workspace the endpoint beside the dashboard answers with: none until an owner chooses some.

The choice stands in endpoint.json of the workspace. SENTIMENT_SERVE_RUN, the id of a run or the path of a run folder or
package, takes its place.
"""

import os
from contextlib import suppress
from pathlib import Path

from sentiment.access import Role, require
from sentiment.errors import RunError, SentimentError, UsageError, WorkspaceError
from sentiment.files import read_json, write_json
from sentiment.models.folders import model_folder
from sentiment.training.runs import Run, is_run_id
from sentiment.workspace import Workspace

ENVIRONMENT = "SENTIMENT_SERVE_RUN"
_FILE = "endpoint.json"
_MOST = 8  # runs served at a time; the model process holds fewer, and loads the others when they are asked


def served_runs(workspace: Workspace) -> dict[str, str]:
    """What the endpoint answers with: names (ids of runs, or what SENTIMENT_SERVE_RUN names) and their folders.

    The first is the default. What cannot be used any more, such as a deleted run, is left out.

    Raises:
        WorkspaceError: if SENTIMENT_SERVE_RUN names no run or package.
    """
    named = os.environ.get(ENVIRONMENT, "").strip()
    if named:
        return {Path(named).stem: str(_named(workspace, named))}
    return {run.id: str(run.folder) for run in _chosen(workspace) if run.has_model}


def chosen_runs(workspace: Workspace) -> tuple[str, ...]:
    """The ids of the runs that an owner chose, the default first."""
    try:
        values = read_json(workspace.root / _FILE)["runs"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ()
    return tuple(str(value) for value in values if is_run_id(str(value))) if isinstance(values, list) else ()


def serve_run(workspace: Workspace, run_id: str, *, on: bool) -> None:
    """Makes a run the one that the endpoint answers with by default, or takes it from the endpoint.

    Raises:
        AccessError: if the one who acts is no owner.
        WorkspaceError: if there is no such run, or the choice cannot be written.
        RunError: if the run has no model yet.
        UsageError: if eight other runs are served already.
    """
    require(Role.OWNER, doing="choose what the endpoint answers with")
    if on and not workspace.run(run_id).has_model:
        raise RunError("The run has no model yet", todo="Wait until it has finished, or resume it")
    others = [run.id for run in _chosen(workspace) if run.id != run_id]
    if on and len(others) >= _MOST:
        raise UsageError(
            f"{len(others)} runs are served already: {', '.join(others)}",
            expected=f"At most {_MOST}",
            todo="Switch one of them off first, where it is the run in use on the Share page",
        )
    try:
        write_json(workspace.root / _FILE, {"runs": [run_id, *others] if on else others})
    except OSError as error:
        raise WorkspaceError(f"The choice cannot be written ({error.strerror})") from error


def _chosen(workspace: Workspace) -> list[Run]:
    """The runs that an owner chose and that are still there, the default first."""
    found = []
    for run_id in chosen_runs(workspace):
        with suppress(SentimentError):
            found.append(workspace.run(run_id))
    return found


def is_fixed() -> bool:
    """Whether SENTIMENT_SERVE_RUN decides, so that nothing can be chosen."""
    return bool(os.environ.get(ENVIRONMENT, "").strip())


def check_not_served(workspace: Workspace, folder: Path) -> None:
    """Raises a WorkspaceError for a run that the endpoint answers with: without it, another would answer unasked."""
    try:
        places = served_runs(workspace).values()
    except WorkspaceError:  # what the environment names is not there: nothing is served
        return
    if any(Path(place).resolve().is_relative_to(folder.resolve()) for place in places):
        way = f"Name another one in {ENVIRONMENT}" if is_fixed() else "Switch it off on the Share page"
        raise WorkspaceError("The endpoint answers with this run", todo=f"{way} first, then delete it")


def _named(workspace: Workspace, named: str) -> Path:
    try:
        if is_run_id(named):
            return workspace.run(named).folder
        folder, given = model_folder(named), Path(named)
        return given if (given / "run.json").exists() else folder  # beside its model lies the rule that it decides by
    except SentimentError as error:
        raise WorkspaceError(
            f"{ENVIRONMENT} = {named[:80]!r} names nothing that can be served ({error.given})",
            expected="The id of a run with a model, or the path of a run folder or package",
        ) from error
