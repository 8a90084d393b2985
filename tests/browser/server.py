"""The app as its users start it: a server process of its own, on a free port, over a workspace of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class AppServer:
    """One Streamlit server; may be killed and started again on the same port and workspace."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.workspace = folder / "workspace"
        self.log = folder / "server.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the app answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, timeout: float = 90) -> None:
        """Starts the server and returns when it is healthy.

        Raises:
            RuntimeError: if it ends, or is not healthy within `timeout` seconds; carries the end of its log.
        """
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "SENTIMENT_WORKSPACE": str(self.workspace)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.is_healthy():
                return
            time.sleep(0.1)
        raise RuntimeError(f"The server did not start:\n{self.log_text()[-3000:]}")

    def is_healthy(self) -> bool:
        """Whether the server says that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def kill(self) -> None:
        """Ends the server process alone, at once, as a crash would; jobs that it started are left to themselves."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=30)
            self.process = None

    def log_text(self) -> str:
        """All that the server has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
