"""The endpoint: right answers, merged batches, and a clear refusal of everything else."""

import asyncio
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sentiment.errors import ModelError
from sentiment.evaluation.thresholds import Rule
from sentiment.models.predictor import load_predictor
from sentiment.serving.http import TOKEN, Endpoint
from sentiment.serving.limits import EndpointLimits
from sentiment.serving.merging import Busy, Merger

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("bad", "good")
LIMITS = EndpointLimits(max_body_bytes=2_000, max_texts=5, max_text_chars=100, max_waiting_texts=50)


def by_length(model, texts):
    """A stand-in for a model: the longer a text, the better."""
    share = np.array([len(text) / 100 for text in texts], np.float32).reshape(-1)
    return CLASSES, np.stack([1 - share, share], axis=1)


def client(*, predict=by_length, served=lambda: {"a": "A", "b": "B"}, **options):
    return TestClient(Starlette(routes=Endpoint(predict, served, limits=LIMITS, **options).routes()))


def ask(found, value, **headers):
    return found.post(
        "/api/predict", content=json.dumps(value), headers={"Content-Type": "application/json", **headers}
    )


def test_every_text_gets_its_class_and_probabilities_in_order():
    answer = ask(client(), {"texts": ["x" * 20, "x" * 80, ""]})
    assert answer.status_code == 200
    assert answer.json() == {
        "run": "a",
        "classes": ["bad", "good"],
        "predictions": ["bad", "good", "bad"],
        "probs": [[0.8, 0.2], [0.2, 0.8], [1.0, 0.0]],
    }
    assert ask(client(), {"texts": []}).json()["probs"] == []


def test_the_classes_follow_the_thresholds_that_are_saved_with_the_run_that_is_asked():
    rules = {"A": Rule({"good": 0.3}, undecided_below=0.9), "B": None}
    found = client(rule_of=rules.get)
    texts = ["x" * 40, "x" * 20, "x" * 5]
    assert ask(found, {"texts": texts}).json()["predictions"] == ["good", None, "bad"]
    assert ask(found, {"texts": texts, "run": "b"}).json()["predictions"] == ["bad", "bad", "bad"]
    broken = client(rule_of=lambda _: Rule({"other": 0.3}))
    assert "which the model does not know" in ask(broken, {"texts": texts}).json()["given"]


def test_the_run_can_be_named_and_no_other_than_those_served():
    asked = []
    found = client(predict=lambda model, texts: asked.append(model) or by_length(model, texts))
    assert ask(found, {"texts": ["x"], "run": "b"}).json()["run"] == "b"
    assert asked == ["B"]
    refused = ask(found, {"texts": ["x"], "run": "../../etc"})
    assert (refused.status_code, refused.json()["expected"]) == (404, "One of a, b")
    assert ask(client(served=dict), {"texts": ["x"]}).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "not JSON"),
        (b"{", 422, "not JSON"),
        (b'{"texts": ["\xff"]}', 422, "Byte 12 of the request is not UTF-8"),
        (b"[" * 900, 422, "JSON"),
        (b'{"texts": [' + b"9" * 1_500 + b"]}", 422, "Text 1 is a number"),
        (b'["x"]', 422, "The request is a list"),
        (b"{}", 422, "has no texts"),
        (b'{"texts": "x"}', 422, "texts is a string"),
        (b'{"texts": null}', 422, "texts is null"),
        (b'{"texts": ["x", 3]}', 422, "Text 2 is a number"),
        (b'{"texts": ["x"], "run": 3}', 422, "run is a number"),
        (b'{"texts": ["x"], "model": "m"}', 422, "a field 'model'"),
        (b'{"texts": ["' + b"x" * 101 + b'"]}', 422, "Text 1 has 101 characters"),
        (b'{"texts": ["","","","","",""]}', 422, "The request has 6 texts"),
        (b'{"texts": ["' + b"x" * 2_000 + b'"]}', 413, "too large"),
    ],
)
def test_what_is_malformed_or_too_much_is_refused_in_words(content, status, words):
    answer = client().post("/api/predict", content=content, headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == status
    assert words in answer.json()["given"]
    assert set(answer.json()) == {"given", "expected", "todo"}


def test_a_body_that_does_not_say_how_long_it_is_is_bounded_too():
    def parts():
        for _ in range(100):
            yield b" " * 100

    answer = client().post("/api/predict", content=parts(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_only_json_is_taken_which_no_form_of_another_page_can_send():
    answer = client().post("/api/predict", content='{"texts": ["x"]}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert client().get("/api/predict").status_code == 405


def test_with_a_token_only_who_knows_it_is_answered(monkeypatch):
    monkeypatch.setenv(TOKEN, "sésame")
    found = client()
    for wrong in ({}, {"Authorization": "Bearer open"}, {"Authorization": "Basic sésame".encode()}):
        refused = ask(found, {"texts": ["x"]}, **wrong)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert ask(found, {"texts": ["x"]}, Authorization="Bearer sésame".encode()).status_code == 200
    assert found.get("/api/openapi.json").json()["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_where_people_sign_in_nobody_is_answered_without_a_token(monkeypatch):
    monkeypatch.delenv(TOKEN, raising=False)
    assert ask(client(open_without_token=lambda: False), {"texts": ["x"]}).status_code == 401
    monkeypatch.setenv(TOKEN, "t")
    asked = ask(client(open_without_token=lambda: False), {"texts": ["x"]}, Authorization="Bearer t")
    assert asked.status_code == 200


def test_a_fault_of_the_model_is_told_without_a_trace(caplog):
    def fails(model, texts):
        raise RuntimeError("secret detail")

    answer = ask(client(predict=fails), {"texts": ["x"]})
    assert answer.status_code == 500
    assert "secret" not in answer.text

    def gone(model, texts):
        raise ModelError("The model process has ended")

    answer = ask(client(predict=gone), {"texts": ["x"]})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_it_says_what_it_is_and_loads_nothing_from_elsewhere():
    found = client()
    described = found.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {"/api/predict"}
    texts = described["components"]["schemas"]["Texts"]["properties"]["texts"]
    assert (texts["maxItems"], texts["items"]["maxLength"]) == (5, 100)
    for reference in ("Texts", "Predictions", "Error"):
        assert reference in described["components"]["schemas"]
    page = found.get("/api/docs", headers={"Host": "evil<script>.example"})
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text
    assert not any(word in page.text for word in ("src=", "<link", "@import", "url("))
    assert found.get("/api/health").json() == {"status": "ok"}


def test_what_is_asked_meanwhile_becomes_one_batch_and_everybody_gets_their_own():
    batches, go_on = [], threading.Event()

    def slow(model, texts):
        batches.append((model, len(texts)))
        go_on.wait(10)
        return by_length(model, texts)

    async def main():
        merger = Merger(slow, most_texts=10)
        first = asyncio.create_task(merger.ask("A", ["x"]))
        await asyncio.sleep(0.1)
        asked = [(("A", "B")[n % 3 == 2], ["y" * n, "z"]) for n in range(9)]
        others = [asyncio.create_task(merger.ask(model, texts)) for model, texts in asked]
        await asyncio.sleep(0.1)
        go_on.set()
        await first
        for (_, texts), (_, probs) in zip(asked, await asyncio.gather(*others), strict=True):
            np.testing.assert_array_equal(probs, by_length("", texts)[1])

    asyncio.run(main())
    assert batches == [("A", 1), ("A", 10), ("B", 6), ("A", 2)]


def test_too_much_waiting_is_refused_and_a_failed_batch_stops_nobody_else():
    go_on = threading.Event()

    def slow(model, texts):
        go_on.wait(10)
        if "bad" in texts:
            raise ModelError("No")
        return by_length(model, texts)

    async def main():
        merger = Merger(slow, most_texts=3, most_waiting=6)
        first = asyncio.create_task(merger.ask("A", ["x"] * 3))
        await asyncio.sleep(0.1)
        failing = asyncio.create_task(merger.ask("A", ["bad", "x", "x"]))
        waiting = asyncio.create_task(merger.ask("A", ["x"] * 3))
        await asyncio.sleep(0.1)
        with pytest.raises(Busy):
            await merger.ask("A", ["x"])
        go_on.set()
        assert len((await first)[1]) == 3
        with pytest.raises(ModelError):
            await failing
        assert len((await waiting)[1]) == 3
        assert len((await merger.ask("A", ["x"]))[1]) == 1

    asyncio.run(main())


def test_few_texts_that_are_long_are_bounded_while_they_wait_too():
    go_on = threading.Event()

    def slow(model, texts):
        go_on.wait(10)
        return by_length(model, texts)

    async def main():
        merger = Merger(slow, most_chars=100)
        tasks = [asyncio.create_task(merger.ask("A", ["x"]))]
        await asyncio.sleep(0.1)
        tasks += [asyncio.create_task(merger.ask("A", ["x" * 60])), asyncio.create_task(merger.ask("A", ["x" * 40]))]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await merger.ask("A", ["x"])
        go_on.set()
        assert [len(probs) for _, probs in await asyncio.gather(*tasks)] == [1, 1, 1]
        assert len((await merger.ask("A", ["x" * 500]))[1]) == 1  # alone, whatever its length

    asyncio.run(main())


@pytest.fixture
def server():
    """A real server over the stand-in model, on a free port."""
    app = Starlette(routes=Endpoint(by_length, lambda: {"a": "A"}).routes())
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    found = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=found.run, kwargs={"sockets": [listening]})
    thread.start()
    yield listening.getsockname()[1]
    found.should_exit = True
    thread.join(10)
    listening.close()


def post(port, texts):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/api/predict", json.dumps({"texts": texts}), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def test_sixteen_clients_at_once_get_every_answer(server):
    def one_client(number):
        for turn in range(20):
            texts = ["x" * ((number + turn + n) % 90) for n in range(1 + (number * turn) % 50)]
            status, answer = post(server, texts)
            assert status == 200
            np.testing.assert_allclose(answer["probs"], by_length("", texts)[1], atol=1e-6)
        return True

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(one_client, range(16)))


@pytest.mark.slow
def test_the_command_answers_as_the_model_does(tmp_path):
    command = [sys.executable, "-m", "sentiment", "serve", "en-cnn-news", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        port = int(line.partition("127.0.0.1:")[2].partition("/")[0])
        texts = ["A wonderful little camera.", "It broke after a day.", "", "完全不行 😡 \ud83d"]
        status, answer = post(port, texts)
        expected = load_predictor("en-cnn-news")
        assert (status, answer["run"]) == (200, "en-cnn-news")
        np.testing.assert_allclose(answer["probs"], expected(texts), atol=1e-6)
        many = [f"text number {n} is good" for n in range(1_000)]
        post(port, many)
        began = time.perf_counter()
        assert len(post(port, many)[1]["probs"]) == 1_000
        assert time.perf_counter() - began < 2  # the benchmark has the true figure
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def test_a_port_that_is_taken_is_one_line(capsys):
    from sentiment.cli import main

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["serve", "en-cnn-news", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot be used" in capsys.readouterr().err
