"""What every test shares: no test touches the user's workspace, and generated inputs are the same on every run."""

import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from streamlit import config
from streamlit.components.v2 import manifest_scanner

_COLLECT = "runner.postScriptGC"

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


@pytest.fixture(scope="session", autouse=True)
def pages_alone_take_time() -> Iterator[None]:
    """What Streamlit does around a page takes several times as long as the page, and is done once, or not at all.

    For each app it looks through all that is installed for components. After each run of a page it collects garbage,
    among all that other tests of the process have left.
    """
    scan, collects = functools.cache(manifest_scanner.scan_component_manifests), config.get_option(_COLLECT)
    config.set_option(_COLLECT, False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", scan)
        yield
    config.set_option(_COLLECT, collects)


@pytest.fixture(scope="session")
def project_folder() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parents[1]
