"""The promises of the set-up: what is imported is required, what is required is pinned, and the README is true."""

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("sentiment", "ui", "pages", "app.py")
OWN = {"sentiment", "ui", "pages", "app", "tests", "benchmarks"}
# Used through another library, which imports it when it is asked for by name.
BY_NAME = {
    "authlib": "st.login",
    "xlsxwriter": 'engine="xlsxwriter"',
    "python-calamine": 'engine="calamine"',
    "psycopg": "postgresql+psycopg",
}


def normalise(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_lines(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r"))]


def requirements(name: str) -> dict[str, str]:
    """The version of each distribution in a requirements file, as it is pinned there."""
    found = (re.match(r"([\w.-]+)(?:\[\w+\])?==([\w.]+)", line) for line in requirement_lines(name))
    return {normalise(match[1]): match[2] for match in found if match}


def product_files() -> list[Path]:
    parts = [ROOT / part for part in PRODUCT]
    return [file for part in parts for file in ([part] if part.is_file() else sorted(part.rglob("*.py")))]


def imported_modules(source: str) -> set[str]:
    """The top-level names of all absolute imports in a module, those inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.fixture(scope="module")
def imported() -> dict[str, str]:
    """For each third-party distribution that the product imports, one file that does."""
    distributions = metadata.packages_distributions()
    found: dict[str, str] = {}
    for file in product_files():
        for module in imported_modules(file.read_text(encoding="utf-8")) - sys.stdlib_module_names - OWN:
            for distribution in distributions.get(module, [module])[:1]:
                found.setdefault(normalise(distribution), f"{file.relative_to(ROOT)} (import {module})")
    return found


def test_every_import_is_a_requirement(imported: dict[str, str]) -> None:
    required = requirements("requirements.txt") | requirements("requirements-build.txt")
    assert "streamlit" in imported
    assert {name: where for name, where in imported.items() if name not in required} == {}


def test_every_requirement_is_used(imported: dict[str, str]) -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in product_files())
    by_name = {name for name, words in BY_NAME.items() if words in sources}
    assert set(requirements("requirements.txt")) - set(imported) - by_name == set()


@pytest.mark.parametrize("file", sorted(path.name for path in ROOT.glob("requirements*.txt")))
def test_every_requirement_is_pinned_exactly_and_says_why(file: str) -> None:
    pattern = re.compile(r"[\w.-]+(\[\w+\])?==\d[\w.]*\s+# \S.{5,}")
    assert [line for line in requirement_lines(file) if not pattern.fullmatch(line)] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_what_is_installed_is_what_is_pinned(file: str) -> None:
    pinned = requirements(file)
    assert pinned
    assert {name: metadata.version(name) for name in pinned} == pinned


@pytest.mark.parametrize("file", ["requirements-gpu.txt", "requirements-tpu.txt"])
def test_accelerators_take_the_same_jax_and_an_extra_that_it_has(file: str) -> None:
    assert requirements(file)["jax"] == requirements("requirements.txt")["jax"]
    extra = re.search(r"^jax\[(\w+)\]", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert extra
    assert extra[1] in (metadata.metadata("jax").get_all("Provides-Extra") or [])


def test_make_help_tells_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    told = {line.split()[0] for line in done.stdout.splitlines() if line}
    assert set(targets[1].split()) - told == {"chromium", "postgresql"}


def markdown_files() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


@pytest.mark.parametrize("name", markdown_files())
def test_links_to_files_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    local = [target for target in targets if not target.startswith(("http:", "https:", "mailto:"))]
    assert [target for target in local if not ((ROOT / name).parent / target).exists()] == []


def test_readme_shows_screenshots_that_are_small_enough() -> None:
    images = re.findall(r"!\[[^\]]+\]\((docs/images/[^)]+\.png)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(images) >= len(list((ROOT / "pages").glob("*.py")))
    assert {image: size for image in images if (size := (ROOT / image).stat().st_size) > 250_000} == {}


def options_of(command: click.Command, *, path: str) -> list[tuple[str, str]]:
    """Each command below `command` with each of its long options ('' for the command itself)."""
    if isinstance(command, click.Group):
        return [row for name, sub in command.commands.items() for row in options_of(sub, path=f"{path} {name}")]
    long = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
    return [(path, ""), *((path, option) for option in long)]


def test_readme_tells_every_command_and_option() -> None:
    from sentiment.cli.commands import cli

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = options_of(cli, path="python -m sentiment")
    assert len(told) > 5
    assert [(path, option) for path, option in told if path not in readme or option not in readme] == []
