"""What every test shares: no test touches the user's workspace, and generated inputs are the same on every run."""

import sys
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("steady")


@pytest.fixture(autouse=True)
def workspace_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the workspace of this one test."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("SENTIMENT_WORKSPACE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each test, __main__ is pytest again: a page puts its script there, and new processes import it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def project_folder() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parents[1]
