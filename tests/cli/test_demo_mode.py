"""The command line in demo mode: every command there is, tried on the workspace that is shown."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from sentiment.cli import main
from sentiment.cli.commands import cli
from sentiment.workspace import Workspace
from tests.demo_world import World, make_world, unchanged

ROOT = Path(__file__).resolve().parents[2]
CSV = "text,label\n" + "".join(f"review number {i},{'pos' if i % 3 else 'neg'}\n" for i in range(30))

# Each command as it is meant to be used, writing into the workspace where it writes at all.
COMMANDS: dict[str, Callable[[World, Path], list[str]]] = {
    "bases": lambda w, csv: [],
    "finetune": lambda w, csv: [
        str(csv), "--text", "text", "--label", "label", "--base", "majority",
        "--out", str(w.workspace.root / "runs" / "new"),
    ],
    "evaluate": lambda w, csv: [
        "en-cnn-news", str(csv), "--text", "text", "--label", "label", "--json", str(w.workspace.root / "out.json"),
    ],
    "predict": lambda w, csv: ["en-cnn-news", str(csv), "--text", "text", "--out", str(w.workspace.root / "out.csv")],
    "duplicates": lambda w, csv: [str(csv), "--text", "text", "--json", str(w.workspace.root / "out.json")],
    "suspects": lambda w, csv: [
        str(csv), "--text", "text", "--label", "label", "--base", "en-cnn-news",
        "--out", str(w.workspace.root / "out.csv"),
    ],
    "compare": lambda w, csv: [str(w.run.folder), str(w.run.folder), "--json", str(w.workspace.root / "out.json")],
    "explain": lambda w, csv: ["en-cnn-news", "--text-value", "good", "--json", str(w.workspace.root / "out.json")],
    "report": lambda w, csv: [str(w.run.folder), "--out", str(w.workspace.root / "out.html")],
    "export": lambda w, csv: [str(w.run.folder), "--out", str(w.workspace.root / "out.zip")],
    "import-data": lambda w, csv: [str(csv), "--text", "text"],
    "import-keras": lambda w, csv: [str(csv), "--name", "brought", "--labels", "a,b"],
    "import-vectors": lambda w, csv: [str(csv), "--name", "brought"],
    "import-base": lambda w, csv: [str(csv), "--name", "brought"],
    "vectors": lambda w, csv: [],
    "transfer-gap": lambda w, csv: [str(csv), "--seeds", "1", "--out", str(w.workspace.root / "out.json")],
    "remove": lambda w, csv: ["base", "brought"],
    "labels import": lambda w, csv: [w.dataset_id, str(csv)],
    "labels export": lambda w, csv: [w.dataset_id, str(w.workspace.root / "out.csv")],
    "labels stats": lambda w, csv: [w.dataset_id],
    "labels queue": lambda w, csv: [w.dataset_id, "--queue", "random", "--out", str(w.workspace.root / "out.csv")],
    "pretrain": lambda w, csv: [str(csv), "--out", str(w.workspace.root / "base")],
}  # fmt: skip
SERVERS = {"serve"}  # which runs until it is stopped, and only reads


def names_of(group: click.Group, before: str = "") -> list[str]:
    found = []
    for name, command in group.commands.items():
        found += names_of(command, f"{before}{name} ") if isinstance(command, click.Group) else [f"{before}{name}"]
    return found


def test_every_command_is_tried() -> None:
    assert set(names_of(cli)) == set(COMMANDS) | SERVERS


def test_a_process_that_starts_in_demo_mode_is_sealed_before_it_does_anything(tmp_path: Path) -> None:
    code = "import sentiment, pathlib, os; pathlib.Path(os.environ['SENTIMENT_WORKSPACE'], 'new').write_text('x')"
    environment = {**os.environ, "SENTIMENT_MODE": "demo", "SENTIMENT_WORKSPACE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=ROOT)
    assert "AccessError" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_no_command_changes_the_workspace_of_a_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(tmp_path / "workspace")
    csv = tmp_path / "data.csv"
    csv.write_text(CSV)
    monkeypatch.setenv("SENTIMENT_WORKSPACE", str(world.workspace.root))
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    Workspace()  # from here on this process is sealed, as one that was started in demo mode is from its beginning
    statuses = {}
    with unchanged(world.workspace.root):
        for name, arguments in COMMANDS.items():
            statuses[name] = main([*name.split(), *arguments(world, csv)])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert {name for name, status in statuses.items() if status == 0} == {"bases", "labels stats", "vectors"}, said.err
