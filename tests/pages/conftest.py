"""A page, run without a browser, and small datasets and runs for it to show."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import data
from sentiment.data import DatasetInfo
from sentiment.training import jobs
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace

HOSTILE = (":red[x] **bold** :smile:", "$$a$$ `code`", "<img src=http://evil.example/x.png>", "zero\u200bwidth")


@pytest.fixture(autouse=True)
def _no_worker_stands_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that may start a run has a worker load its libraries, which would slow the tests down."""
    monkeypatch.setattr(jobs, "prepare", lambda: None)


@pytest.fixture
def app(project_folder: Path) -> AppTest:
    """The app before its first run."""
    return AppTest.from_file(str(project_folder / "app.py"), default_timeout=60)


@pytest.fixture
def workspace() -> Workspace:
    """The workspace that the app of this test uses."""
    return Workspace()


def open_page(app: AppTest, name: str) -> AppTest:
    """Goes to the page in pages/<name>.py."""
    app.run()
    return app.switch_page(f"pages/{name}.py").run()


def words(app: AppTest) -> str:
    """Everything that the page says in headings, paragraphs, captions and messages."""
    parts = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.error, *app.warning, *app.info]
    return "\n".join(str(part.value) for part in parts)


def button(app: AppTest, label: str) -> object:
    """The first button with these words."""
    return next(found for found in app.button if found.label == label)


def tick(app: AppTest, places: list[int]) -> AppTest:
    """Ticks the rows at these places of the last table, which keeps them for as long as it is the same to a browser."""
    _, _, key = app.dataframe[-1].proto.id.split("-", 2)
    app.session_state[key] = {"selection": {"rows": places, "columns": [], "cells": []}}
    return app.run()


def press_twice(app: AppTest, label: str) -> AppTest:
    """A double click: the second click comes when the server has drawn the page again and the browser not yet."""
    button(app, label).click()  # type: ignore[attr-defined]
    clicked = app._tree.get_widget_states()
    app.run()
    return app._run(clicked)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The run folders that a worker was asked for; none is started."""
    folders: list[Path] = []
    monkeypatch.setattr(jobs, "start", folders.append)
    return folders


@pytest.fixture
def add(workspace: Workspace, tmp_path: Path) -> Callable[..., DatasetInfo]:
    """Imports a dataset with so many rows of each class."""

    def build(counts: dict[str, int], *, name: str = "shop", text: str = "a plain review") -> DatasetInfo:
        labels = [label for label, n in counts.items() for _ in range(n)]
        frame = pd.DataFrame({"text": [f"{text} number {i}" for i in range(len(labels))], "label": labels})
        path = tmp_path / f"{name}.csv"
        frame.to_csv(path, index=False)
        return workspace.add_dataset(data.import_file(path, text="text", label="label"))[0]

    return build


@pytest.fixture
def judged(workspace: Workspace) -> Callable[[DatasetInfo], Run]:
    """A finished run whose model errs on every fifth held-out row and whose baseline always says the first class."""

    def build(info: DatasetInfo) -> Run:
        run = workspace.create_run(info.id, FinetuneConfig())
        rows = workspace.dataset(info.id).frame[["row", "text", "label", "group"]].assign(split="test")
        classes = np.array(info.classes)
        truth = rows["label"].map(list(info.classes).index).to_numpy()
        wrong = np.arange(len(rows)) % 5 == 0
        said = {"model": np.where(wrong, (truth + 1) % len(classes), truth), "majority": np.zeros(len(rows), int)}
        said["tfidf"] = np.where(np.arange(len(rows)) % 2 == 0, truth, 0)
        for model, codes in said.items():
            rows[f"{model}:prediction"] = classes[codes]
            for code, label in enumerate(info.classes):
                rows[f"{model}:prob:{label}"] = np.where(codes == code, 0.75, 0.25 / (len(classes) - 1))
        run.write_predictions(rows)
        run.write_state(RunState(status="finished", step=9, total_steps=9, elapsed=3, best_macro_f1=0.8))
        return run

    return build
