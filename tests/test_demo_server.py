"""A server in demo mode, asked over HTTP: no route and no method changes its workspace."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

from sentiment.serving.served import serve_run
from tests.browser.server import AppServer
from tests.demo_world import make_world, unchanged
from ui import endpoint

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BODY = json.dumps({"texts": ["good", "bad"], "run": "../../etc"})


def routes() -> list[BaseRoute]:
    """Everything that the server answers: Streamlit's own routes, and those beside them."""
    return [*create_streamlit_routes(MagicMock()), *endpoint.routes()]


def addresses() -> list[str]:
    found = []
    for route in routes():
        assert isinstance(route, Route | Mount | WebSocketRoute)
        path = route.path
        for name in ("session_id", "file_id", "path", "component_name", "file_name"):
            path = path.replace(f"{{{name}:path}}", "x").replace(f"{{{name}}}", "x")
        found.append(path.split("{")[0] or "/")
    return sorted(set(found))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppServer]:
    started = AppServer(tmp_path)
    world = make_world(started.workspace)
    model = Path(__file__).parents[1] / "base_models" / "en-cnn-news"
    (world.run.folder / "model").symlink_to(model)
    serve_run(world.workspace, world.run_id, on=True)
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    started.start()
    yield started
    started.kill()


def ask(server: AppServer, method: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(method, path, BODY, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@pytest.mark.slow
def test_no_route_and_no_method_changes_a_demos_workspace(server: AppServer) -> None:
    found = addresses()
    assert {"/_stcore/health", "/_stcore/upload_file/x/x", "/api/predict"} <= set(found)
    with unchanged(server.workspace):
        answers = {(method, path): ask(server, method, path) for path in found for method in METHODS}
    assert answers["GET", "/_stcore/health"] == 200
    assert answers["PUT", "/_stcore/upload_file/x/x"] >= 400  # without a session, and the token of its page
    assert "Traceback" not in server.log_text()


@pytest.mark.slow
def test_the_try_it_endpoint_is_open_in_a_demo(server: AppServer) -> None:
    with unchanged(server.workspace):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        connection.request("POST", "/api/predict", '{"texts": ["good"]}', {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
    assert answer.status == 200, said
    assert len(said["probs"][0]) == len(said["classes"])
