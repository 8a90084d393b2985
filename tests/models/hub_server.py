"""A server on this machine that answers as the Hugging Face Hub does."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SHA = "a" * 40
Repositories = dict[str, dict[str, bytes]]


@contextmanager
def hub(repositories: Repositories) -> Iterator[tuple[str, list[str]]]:
    """The address of a Hub with these repositories, and the paths that it was asked for.

    Args:
        repositories: by OWNER/NAME, the content of each file.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            path = urlsplit(self.path).path.strip("/")
            asked.append(path)
            parts = path.removeprefix("api/models/").split("/")
            files = repositories.get("/".join(parts[:2]))
            if files is None:
                self._send(401 if path.startswith("api") else 404, b"{}", with_body, {"X-Error-Code": "RepoNotFound"})
            elif "revision" in parts and parts[-1] not in (SHA, "main"):
                self._send(404, b"{}", with_body, {"X-Error-Code": "RevisionNotFound"})
            elif path.startswith("api/models") and "tree" in parts:
                found = [{"type": "file", "path": name, "size": len(c), "oid": _tag(c)} for name, c in files.items()]
                self._send(200, json.dumps(found).encode(), with_body, {})
            elif path.startswith("api/models"):
                siblings = [{"rfilename": name, "size": len(c), "blobId": _tag(c)} for name, c in files.items()]
                about = {"id": "/".join(parts[:2]), "sha": SHA, "siblings": siblings, "private": False, "tags": []}
                about |= {"downloads": 0, "likes": 0}
                self._send(200, json.dumps(about).encode(), with_body, {})
            else:
                content = files["/".join(parts[4:])]
                self._send(200, content, with_body, {"ETag": f'"{_tag(content)}"', "X-Repo-Commit": SHA})

        def _send(self, status: int, content: bytes, with_body: bool, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if with_body:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _tag(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
