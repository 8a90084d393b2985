"""Which runs of a workspace the endpoint beside the dashboard answers with: none until an owner chooses some.

The choice stands in endpoint.json of the workspace. SENTIMENT_SERVE_RUN, the id of a run or the path of a run folder or
package, takes its place.
"""

import os
from pathlib import Path

from sentiment.access import Role, require
from sentiment.errors import RunError, SentimentError, WorkspaceError
from sentiment.files import read_json, write_json
from sentiment.models.folders import model_folder
from sentiment.training.runs import is_run_id
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
    found = {}
    for run_id in chosen_runs(workspace):
        try:
            run = workspace.run(run_id)
        except SentimentError:
            continue
        if run.has_model:
            found[run_id] = str(run.folder)
    return found


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
    """
    require(Role.OWNER, doing="choose what the endpoint answers with")
    if on and not workspace.run(run_id).has_model:
        raise RunError("The run has no model yet", todo="Wait until it has finished, or resume it")
    others = [other for other in chosen_runs(workspace) if other != run_id]
    try:
        write_json(workspace.root / _FILE, {"runs": ([run_id, *others] if on else others)[:_MOST]})
    except OSError as error:
        raise WorkspaceError(f"The choice cannot be written ({error.strerror})") from error


def is_fixed() -> bool:
    """Whether SENTIMENT_SERVE_RUN decides, so that nothing can be chosen."""
    return bool(os.environ.get(ENVIRONMENT, "").strip())


def _named(workspace: Workspace, named: str) -> Path:
    try:
        return workspace.run(named).folder if is_run_id(named) else model_folder(named)
    except SentimentError as error:
        raise WorkspaceError(
            f"{ENVIRONMENT} = {named[:80]!r} names nothing that can be served ({error.given})",
            expected="The id of a run with a model, or the path of a run folder or package",
        ) from error
