"""How the command line refuses, for tests of what it refuses."""

from pathlib import Path

import pytest

from sentiment.cli import main


def assert_refused(source: Path, said: str, *, run: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """`finetune` on a file ends with status 2, one line on stderr that holds `said`, and no run folder.

    Returns:
        The line.
    """
    assert main(["finetune", str(source), "--text", "text", "--label", "label", "--out", str(run)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert not run.exists()
    return line
