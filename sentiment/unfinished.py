"""Runs that still need what they begin with: what somebody brought stays until they have finished or are deleted."""

from pathlib import Path

from sentiment.errors import RunError, WorkspaceError
from sentiment.files import workspace_folder
from sentiment.training.config import FinetuneConfig
from sentiment.training.jobs import read_state
from sentiment.training.runs import Run, is_run_id
from sentiment.workspace_folders import list_folders, read_all

_MOST_NAMED = 3


def unfinished_runs(folder: Path) -> list[Run]:
    """The runs of the workspace that begin with a base model or word vectors and have not finished, oldest first.

    One that was stopped or failed, or whose process is gone, is among them: resumed, it begins there again.

    Args:
        folder: of the base model or the word vectors.
    """
    folders = (place for place in list_folders(workspace_folder() / "runs") if is_run_id(place.name))
    found = [run for run in read_all(Run, folders) if _begins_with(run.info.config, folder)]
    return sorted((run for run in found if _status(run) != "finished"), key=lambda run: run.id)


def check_unneeded(folder: Path) -> None:
    """Raises a WorkspaceError, naming the runs, if unfinished ones need a base model or word vectors."""
    runs = unfinished_runs(folder)
    if not runs:
        return
    names = [f"“{run.info.name}” ({_status(run)})" for run in runs[:_MOST_NAMED]]
    more = [f"{len(runs) - _MOST_NAMED:,} more"] if len(runs) > _MOST_NAMED else []
    raise WorkspaceError(
        f"{folder.name} is needed by runs that have not finished: {', '.join([*names, *more])}",
        expected="Something that no unfinished run begins with",
        todo="Let these runs finish, or delete them, and remove it then",
    )


def _begins_with(config: FinetuneConfig, folder: Path) -> bool:
    if config.vectors == folder.name and folder.parent.name == "vectors":
        return True
    return folder.parent.name == "bases" and (config.base == folder.name or Path(config.base).absolute() == folder)


def _status(run: Run) -> str:
    try:
        return read_state(run.folder).status
    except RunError:
        return "damaged"
