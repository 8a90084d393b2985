"""Runs that still need what they begin with: that stays until they have finished or are deleted."""

from pathlib import Path

from sentiment.errors import RunError, WorkspaceError
from sentiment.numbers import number
from sentiment.training.config import FinetuneConfig
from sentiment.training.jobs import read_state
from sentiment.training.runs import Run, is_run_id
from sentiment.workspace_folders import list_folders, read_all

_MOST_NAMED = 3


def unfinished_runs(folder: Path) -> list[Run]:
    """The runs of a workspace that begin with a base model, word vectors or a run and have not finished, oldest first.

    One that was stopped or failed, or whose process is gone, is among them: resumed, it begins there again.

    Args:
        folder: of the base model, the word vectors or the run, in the workspace's folder of its kind.
    """
    folder = folder.resolve()
    folders = (place for place in list_folders(folder.parent.parent / "runs") if is_run_id(place.name))
    found = [run for run in read_all(Run, folders) if _begins_with(run.info.config, folder)]
    return sorted((run for run in found if _status(run) != "finished"), key=lambda run: run.id)


def check_unneeded(folder: Path, *, name: str | None = None) -> None:
    """Raises a WorkspaceError, naming the runs, if unfinished ones need a base model, word vectors or a run.

    Args:
        folder: see `unfinished_runs`.
        name: what people call it; the folder's name if not given.
    """
    runs = unfinished_runs(folder)
    if not runs:
        return
    names = [f"“{run.info.name}” ({_status(run)})" for run in runs[:_MOST_NAMED]]
    more = [f"{number(len(runs) - _MOST_NAMED)} more"] if len(runs) > _MOST_NAMED else []
    raise WorkspaceError(
        f"{name or folder.name} is needed by runs that have not finished: {', '.join([*names, *more])}",
        todo="Let these runs finish, or delete them, before you remove it",
    )


def _begins_with(config: FinetuneConfig, folder: Path) -> bool:
    kind = folder.parent.name
    if kind == "vectors":
        return config.vectors == folder.name
    is_named = kind == "bases" and config.base == folder.name
    return is_named or Path(config.base).resolve() in (folder, folder / "model")


def _status(run: Run) -> str:
    try:
        return read_state(run.folder).status
    except RunError:
        return "damaged"
