"""What hosting needs: an image with all that it takes and nothing that is secret, as a user without rights."""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tests.browser.server import free_port

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BASE, TARGETS = "python:3.11-slim", ("studio", "demo")


def instructions(stage: str) -> list[tuple[str, str]]:
    """The instructions of a stage, as (word, rest), continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    lines = [line.split(maxsplit=1) for line in joined.splitlines() if line and not line.startswith("#")]
    starts = [i for i, line in enumerate(lines) if line[0] == "FROM"]
    found = {lines[i][1].split()[-1]: (i, j) for i, j in zip(starts, [*starts[1:], len(lines)], strict=True)}
    start, stop = found[stage]
    return [(word, rest) for word, rest in lines[start:stop]]


def values(stage: str, word: str) -> list[str]:
    return [rest for name, rest in instructions(stage) if name == word]


def image_files(target: Path) -> None:
    """Copies what `.dockerignore` lets into the image."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    for name in (line[1:] for line in lines if line.startswith("!")):
        source = ROOT / name
        assert source.exists(), name
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy(source, place)


def test_the_image_runs_as_a_user_without_rights_and_tells_its_health() -> None:
    assert values("studio", "USER") == ["1000"]
    assert "--uid 1000" in " ".join(values("studio", "RUN"))
    assert values("demo", "USER") == []  # whose user stays that of the stage before it
    assert "hosting/health.py" in values("studio", "HEALTHCHECK")[0]
    assert values("studio", "CMD") == ['["sh", "hosting/start.sh"]']
    environment = " ".join(values("studio", "ENV"))
    assert "PORT=8501" in environment
    assert values("studio", "EXPOSE") == ["8501"]


def test_an_image_that_is_built_without_a_word_is_the_one_that_nobody_can_change() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)
    assert stages[-1] == "demo"
    assert "SENTIMENT_MODE=demo" in values("demo", "ENV")[-1]
    assert instructions("demo")[-1][0] == "ENV"  # after the sample and its run were made


def test_the_image_has_the_python_that_is_tested_and_every_pinned_requirement() -> None:
    assert {line.split()[0] for stage in ("build", "studio") for line in values(stage, "FROM")} == {BASE}
    assert f"python{BASE.removeprefix('python:').removesuffix('-slim')}/" in DOCKERFILE
    assert "-r /tmp/requirements.txt" in DOCKERFILE
    assert "requirements-dev" not in DOCKERFILE


def test_no_secret_and_no_workspace_gets_into_the_image_or_the_repository(tmp_path: Path) -> None:
    image_files(tmp_path)
    names = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert "app.py" in names
    assert not [name for name in names if re.search(r"secrets|roles\.toml|\.git/|workspace/|tests/|\.env", name)]
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/.streamlit/secrets.toml", "/roles.toml", "/workspace/"} <= set(ignored)


def test_the_space_says_what_the_image_answers_on() -> None:
    front = (ROOT / "hosting/spaces/README.md").read_text(encoding="utf-8").split("---")[1]
    said = dict(line.split(": ", 1) for line in front.strip().splitlines())
    assert said["sdk"] == "docker"
    assert f"PORT={said['app_port']}" in " ".join(values("studio", "ENV"))


def test_the_server_keeps_its_defences_on() -> None:
    server = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["server"]
    assert server.get("enableXsrfProtection", True) is True
    assert server.get("enableCORS", True) is True
    assert server.get("enableStaticServing", False) is False
    assert server.get("enableAgentApi", False) is False
    assert "trustedUserHeaders" not in server  # which anybody could send where no proxy takes them away
    assert server["maxUploadSize"] == 512


@pytest.mark.slow
def test_what_the_image_holds_starts_answers_and_can_be_read_only(tmp_path: Path) -> None:
    """The image's files without the repository around them, started as the image starts them."""
    app, port = tmp_path / "app", free_port()
    image_files(app)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PORT": str(port),
        "HOME": str(tmp_path / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SENTIMENT_CACHE": str(tmp_path / "cache"),
        "SENTIMENT_WORKSPACE": str(tmp_path / "workspace"),
    }
    for path in [app, *app.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    before = sorted(path.as_posix() for path in app.rglob("*"))
    health = [sys.executable, "hosting/health.py"]
    assert subprocess.run(health, cwd=app, env=environment, timeout=30).returncode == 1
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(["sh", "hosting/start.sh"], cwd=app, env=environment, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while subprocess.run(health, cwd=app, env=environment, timeout=30).returncode and time.monotonic() < until:
            assert server.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.5)
        assert subprocess.run(health, cwd=app, env=environment, timeout=30).returncode == 0
    finally:
        server.terminate()
        server.wait(timeout=30)
    assert sorted(path.as_posix() for path in app.rglob("*")) == before


def test_a_container_with_a_bad_file_of_roles_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "roles.toml").write_text("owner = [")
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "SENTIMENT_WORKSPACE": str(tmp_path)
    }  # fmt: skip
    done = subprocess.run(
        ["sh", "hosting/start.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "roles.toml" in done.stderr
