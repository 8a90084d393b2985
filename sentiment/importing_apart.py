"""Bringing something in a process of its own, so that whoever else looks at a page meanwhile does not wait."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sentiment.access import Role, require
from sentiment.errors import ModelError, SentimentError
from sentiment.files import WORKSPACE, workspace_folder

_SECONDS = 1800


def run_command(arguments: Sequence[str]) -> str:
    """What a command of ours that brings something prints.

    Args:
        arguments: after `python -m sentiment`.

    Raises:
        ModelError: with what the command says is in the way.
        AccessError: if the one who asks may not do so.
    """
    require(Role.OWNER, doing="bring a model or word vectors")
    package = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sentiment.importing_apart", *arguments],
            env={**os.environ, "PYTHONPATH": path, WORKSPACE: str(workspace_folder())},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError("This takes longer than half an hour", todo="Use the command line") from error
    if done.returncode:
        raise _said(done.stderr)
    return done.stdout


def _said(stderr: str) -> ModelError:
    """The error that the process wrote last."""
    try:
        said = json.loads(stderr.strip().splitlines()[-1])
        return ModelError(str(said["given"]), expected=str(said["expected"]), todo=str(said["todo"]))
    except (IndexError, ValueError, KeyError, TypeError):
        return ModelError("It did not work, and did not say why", todo="Try the command line, which says more")


def main() -> None:
    """Does what the command says; a mistake is written as JSON, in its three parts."""
    from sentiment.cli.commands import cli

    try:
        cli.main(sys.argv[1:], standalone_mode=False)
    except SentimentError as error:
        sys.stderr.write(json.dumps(error.to_dict()) + "\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
