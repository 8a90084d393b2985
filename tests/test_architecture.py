"""Which way imports run (docs/architecture.md), read from the import statements of the whole tree."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEARNING = ("jax", "jaxlib", "flax", "optax")
PARTS = ("data", "labels", "models", "evaluation", "figures", "training")
SHARED = ("access", "arrays", "errors", "files", "language_names", "memory", "numbers", "palette", "sealing")

# A folder or file, and the modules it must not import. Longer, more special lines add to the shorter ones.
FORBIDDEN = {
    "sentiment": ("streamlit", "ui", "pages", "app", "tests", "benchmarks"),
    "ui": ("pages", "app", "tests", "benchmarks", *LEARNING),
    "pages": ("app", "tests", "benchmarks", *LEARNING),
    "app.py": ("tests", "benchmarks", *LEARNING),
    **{f"sentiment/{part}": ("sentiment.workspace", "sentiment.cli", "sentiment.__main__") for part in PARTS},
    "sentiment/workspace.py": ("sentiment.cli", "sentiment.__main__"),
}
# Parts that do not know each other, and what a part may know beside itself and the shared files.
MAY_KNOW = {
    "data": (),
    "labels": ("data",),
    "models": (),
    "evaluation": (),
    "figures": (),
    "training": ("data", "models", "evaluation"),
}
NO_LEARNING = (
    "sentiment/data",
    "sentiment/labels",
    "sentiment/evaluation",
    "sentiment/figures",
    "sentiment/workspace.py",
)
# What pages and the command line load at once: none of it may load a heavy library.
LIGHT = (
    "sentiment.roles",
    "sentiment.demo",
    "sentiment.workspace",
    "sentiment.training.jobs",
    "sentiment.training.config",
    "sentiment.training.imbalance",
    "sentiment.training.text_map",
    "sentiment.transfer_gap",
    "sentiment.training.variation_examples",
    "sentiment.comparing",
    "sentiment.listing",
    "sentiment.reporting",
    "sentiment.training.learning_curve",
    "sentiment.judging",
    "sentiment.serving.client",
    "sentiment.serving.http",
    "sentiment.serving.served",
    "sentiment.packaging",
    "sentiment.scoring_jobs",
    "sentiment.models.registry",
    "sentiment.importing",
    "sentiment.data",
    "sentiment.labels.store",
    "sentiment.labels.exchange",
    "sentiment.evaluation",
    "sentiment.figures",
)


def _sources() -> list[Path]:
    return [
        path
        for place in ("sentiment", "ui", "pages")
        for path in sorted((ROOT / place).rglob("*.py"))
        if "__pycache__" not in path.parts
    ] + [ROOT / "app.py"]


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """The dotted names that a file imports anywhere, also inside functions; `from a import b` gives a and a.b."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return tuple(names)


def _within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _belongs(path: Path, place: str) -> bool:
    return path == ROOT / place or ROOT / place in path.parents


def _breaches(path: Path) -> list[str]:
    forbidden = [module for place, modules in FORBIDDEN.items() if _belongs(path, place) for module in modules]
    if any(_belongs(path, place) for place in NO_LEARNING):
        forbidden += LEARNING
    return [name for name in _imports(path) if any(_within(name, module) for module in forbidden)]


def _unknown_to(part: str, path: Path) -> list[str]:
    """The imports of a part's file that lead to a part of `sentiment` it may not know."""
    allowed = (part, *MAY_KNOW[part], *SHARED, "__version__")
    return [
        name
        for name in _imports(path)
        if name.startswith("sentiment.") and not any(_within(name, f"sentiment.{module}") for module in allowed)
    ]


@pytest.mark.parametrize("path", _sources(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path):
    assert _breaches(path) == []


@pytest.mark.parametrize("part", MAY_KNOW)
def test_parts_of_the_library_know_only_what_they_may(part):
    files = sorted((ROOT / "sentiment" / part).rglob("*.py"))
    assert files
    assert {path.name: _unknown_to(part, path) for path in files if _unknown_to(part, path)} == {}


@pytest.mark.parametrize("name", SHARED)
def test_shared_files_know_no_part(name):
    known = [module for module in _imports(ROOT / "sentiment" / f"{name}.py") if module.startswith("sentiment")]
    assert all(any(_within(module, f"sentiment.{shared}") for shared in SHARED) for module in known)


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_no_heavy_library(module):
    """In a process of its own, so that nothing that another test loaded is mistaken for the module's."""
    heavy = (*LEARNING, "streamlit")
    code = f"import sys, {module}; print(sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_reader_of_imports_sees_every_kind(tmp_path, monkeypatch):
    """Were an import overlooked, the rules above would hold whatever the tree does."""
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    place = tmp_path / "sentiment" / "data" / "reading.py"
    place.parent.mkdir(parents=True)
    place.write_text(
        "import os, jax.numpy as jnp\n"
        "from sentiment import models\n"
        "from .. import figures\n"
        "def late():\n    from ..training.jobs import start\n    import streamlit\n"
    )
    assert set(_breaches(place)) == {"jax.numpy", "streamlit"}
    assert set(_unknown_to("data", place)) == {
        "sentiment.models",
        "sentiment.figures",
        "sentiment.training.jobs",
        "sentiment.training.jobs.start",
    }
