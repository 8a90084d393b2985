"""How quick the endpoint is: `make bench-endpoint`.

Alone (`python -m sentiment serve`) and beside the dashboard, once warm: 1,000 short texts in a request, then 16 clients
at once with one text in a request each. The peer answers the same requests with the same model, one after another, as a
handler without merging does. A wrong or missing answer ends it. Writes benchmarks/results/endpoint.md.
"""

import argparse
import datetime
import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results" / "endpoint.md"
REVIEWS = ROOT / "sample_data" / "product-reviews" / "product_reviews.csv"
CLIENTS, WORDS = 16, 12
HEADER = (
    "| server | request | median ms | 95 % ms | texts per second |\n"
    "|---|---|---:|---:|---:|"
)  # fmt: skip
PEER = """
import sys, threading, numpy as np, uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route
from sentiment.models.device import cache_programs
from sentiment.models.predictor import load_predictor
from sentiment.serving.alone import warm
cache_programs()
model, lock = load_predictor(sys.argv[1]), threading.Lock()
warm(model, max_length=model.model.max_length)
def answer(texts):
    with lock:
        return {"probs": np.round(model(texts).astype(float), 7).tolist()}
async def predict(request):
    return JSONResponse(await run_in_threadpool(answer, (await request.json())["texts"]))
app = Starlette(routes=[Route("/api/predict", predict, methods=["POST"])])
uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
"""


def short_texts(n: int) -> list[str]:
    """Beginnings of reviews, up to `WORDS` words each."""
    texts = pd.read_csv(REVIEWS, keep_default_na=False)["text"].tolist()
    return [" ".join(texts[place % len(texts)].split()[:WORDS]) for place in range(n)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, texts: list[str]) -> np.ndarray:
        """The probabilities float32[n, n_classes]; RuntimeError for a refusal."""
        body = json.dumps({"texts": texts})
        self._connection.request("POST", "/api/predict", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        content = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {content}")
        return np.array(content["probs"], np.float32)


@contextmanager
def running(command: list[str], port: int, **environment: str) -> Iterator[None]:
    """A server that has answered once."""
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 180
        while True:
            try:
                Client(port).ask(["x"])
                break
            except (OSError, http.client.HTTPException):
                if process.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(30)


def measure(
    name: str, port: int, expected: np.ndarray, texts: list[str], *, requests: int, seconds: float
) -> list[str]:
    """Two lines of the table."""
    client, taken = Client(port), []
    for turn in range(requests + 5):
        began = time.perf_counter()
        probs = client.ask(texts)
        if turn >= 5:  # until then it warms up
            taken.append(time.perf_counter() - began)
    np.testing.assert_allclose(probs, expected, atol=1e-5)
    rows = [line(name, f"{len(texts):,} texts, one client", taken, len(texts) / float(np.median(taken)))]
    until = time.monotonic() + seconds

    def one_client(number: int) -> list[float]:
        client, taken, place = Client(port), [], number
        while time.monotonic() < until:
            began = time.perf_counter()
            probs = client.ask([texts[place]])
            taken.append(time.perf_counter() - began)
            np.testing.assert_allclose(probs[0], expected[place], atol=1e-5)
            place = (place + CLIENTS) % len(texts)
        return taken

    with ThreadPoolExecutor(CLIENTS) as pool:
        every = [each for taken in pool.map(one_client, range(CLIENTS)) for each in taken]
    return [*rows, line(name, f"1 text, {CLIENTS} clients", every, len(every) / seconds)]


def line(name: str, what: str, taken: list[float], per_second: float) -> str:
    median, late = 1000 * np.median(taken), 1000 * np.quantile(taken, 0.95)
    return f"| {name} | {what} | {median:.1f} | {late:.1f} | {per_second:,.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en-cnn-reviews", help="a run, package or base model")
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    from sentiment import load

    texts = short_texts(1_000)
    expected = load(given.model)(texts)
    port, peer_port, app_port = free_port(), free_port(), free_port()
    python = sys.executable
    app = [python, "-m", "streamlit", "run", "app.py", "--server.port", str(app_port), "--server.address", "127.0.0.1"]
    rows: list[str] = []
    options = {"requests": given.requests, "seconds": given.seconds}
    with tempfile.TemporaryDirectory() as folder:
        workspace = {"SENTIMENT_WORKSPACE": folder, "SENTIMENT_SERVE_RUN": given.model}
        servers = (
            ("alone", [python, "-m", "sentiment", "serve", given.model, "--port", str(port)], port, {}),
            ("beside the dashboard", app, app_port, workspace),
            ("*without merging*", [python, "-c", PEER, given.model, str(peer_port)], peer_port, {}),
        )
        for name, command, place, environment in servers:
            with running(command, place, **environment):
                rows += measure(name, place, expected, texts, **options)
                print("\n".join(rows[-2:]), flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    versions = ", ".join(f"{package} {version(package)}" for package in ("streamlit", "uvicorn", "jax"))
    stamp = f"{datetime.date.today()}, {machine}, {versions}, {given.model}"
    RESULTS.write_text("\n".join([stamp, "", HEADER, *rows]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
