"""Asks the model process, which is started when it is first needed and shared by the whole server.

Loads no deep-learning library: that is what the other process is for. Everything that can be asked only reads, so what
was lost with a process that died is asked again of the next.
"""

import atexit
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from sentiment import errors
from sentiment.errors import ModelError, SentimentError
from sentiment.memory import with_few_arenas

_START_SECONDS = 60.0
_ANSWER_SECONDS = 120.0


class ModelProcess:
    """A model process and the way to it. Safe to share between threads."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ask(self, operation: str, model: str | Path, **arguments: Any) -> dict[str, Any]:
        """What an operation (see `operations`) answers for a model.

        Args:
            operation: its name.
            model: a run folder, a model folder or the name of a base model.
            **arguments: JSON values.

        Raises:
            SentimentError: what the operation raised, of its own kind.
            ModelError: if the process cannot be started or does not answer in time.
        """
        body = json.dumps({"operation": operation, "model": str(model), "arguments": arguments}).encode()
        try:
            status, answer = self._post(body)
        except _Gone as gone:
            self._drop(gone.process)
            try:
                status, answer = self._post(body)
            except _Gone as again:
                raise _dead() from again
        if status == 200:
            return answer
        raise _error_of(status, answer)

    def start(self) -> None:
        """Has the process load its libraries, without waiting for it."""
        with self._lock:
            self._start()

    def stop(self) -> None:
        """Ends the process, if there is one."""
        self._drop(self._process)

    @property
    def pid(self) -> int | None:
        """The number of the process; None while there is none."""
        return None if self._process is None else self._process.pid

    def _drop(self, process: subprocess.Popen[bytes] | None) -> None:
        """Ends this process; the next one, which somebody else has started meanwhile, is left alone."""
        with self._lock:
            if process is None or self._process is not process:
                return
            assert process.stdin is not None
            process.stdin.close()
            process.kill()
            process.wait()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._process = self._folder = None

    def _post(self, body: bytes) -> tuple[int, dict[str, Any]]:
        path, process = self._reach()
        connection = _UnixConnection(path)
        try:
            connection.request("POST", "/ask", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
        except TimeoutError as error:
            raise ModelError(
                f"The model did not answer within {_ANSWER_SECONDS:.0f} seconds", todo="Ask for less at a time"
            ) from error
        except (ConnectionError, FileNotFoundError, http.client.HTTPException) as error:
            raise _Gone(process) from error
        finally:
            connection.close()
        return response.status, json.loads(content) if response.status in (200, 422) else {}

    def _reach(self) -> tuple[str, subprocess.Popen[bytes]]:
        """The path of the socket, once the process listens on it, and the process."""
        with self._lock:
            path, process = self._start()
        until = time.monotonic() + _START_SECONDS
        while not path.exists():
            if process.poll() is not None or self._process is not process:
                raise _Gone(process)
            if time.monotonic() > until:
                raise _dead()
            time.sleep(0.02)
        return str(path), process

    def _start(self) -> tuple[Path, subprocess.Popen[bytes]]:
        if self._process is None or self._process.poll() is not None or self._folder is None:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = Path(tempfile.mkdtemp(prefix="sentiment-"))  # only its owner may enter
            self._process = _spawn(self._folder / "models")
        return self._folder / "models", self._process


class _Gone(Exception):
    """The process that was asked has died."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("models", timeout=_ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _spawn(path: Path) -> subprocess.Popen[bytes]:
    package = Path(__file__).resolve().parents[2]
    search = os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-m", "sentiment.serving.process", str(path)],
        stdin=subprocess.PIPE,
        start_new_session=True,  # a Ctrl+C at the server's terminal is the server's to answer
        # One text is explained as fast on a CPU, and an idle server must not hold the memory of a GPU.
        env=with_few_arenas({"JAX_PLATFORMS": "cpu", **os.environ, "PYTHONPATH": search}),
    )


def _error_of(status: int, answer: dict[str, Any]) -> SentimentError:
    """The error that the process tells of, of its own kind."""
    kind = getattr(errors, str(answer.get("kind")), None)
    if status != 422 or not (isinstance(kind, type) and issubclass(kind, SentimentError)):
        return ModelError("The model process failed at this", todo="Try again; the server's log says more")
    return kind(answer["given"], expected=answer["expected"], todo=answer["todo"])


def _dead() -> ModelError:
    return ModelError(
        "The model process has ended", todo="Try again; if it happens again, the machine may have too little memory"
    )


_shared = ModelProcess()
atexit.register(_shared.stop)
ask = _shared.ask
start = _shared.start
stop = _shared.stop


def pid() -> int | None:
    """The number of the shared model process; None while there is none."""
    return _shared.pid
