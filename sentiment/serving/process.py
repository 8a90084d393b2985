"""The model process: `python -m sentiment.serving.process SOCKET`.

It answers `POST /ask` on a unix socket that only its user may open, and ends with the process that started it: when
its standard input is closed.
"""

import os
import sys
import threading
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sentiment.errors import SentimentError
from sentiment.models.device import cache_programs
from sentiment.serving.holder import ModelHolder
from sentiment.serving.operations import run_operation


def make_app(holder: ModelHolder) -> Starlette:
    """The application that answers `{"operation", "model", "arguments"}`.

    It answers 200 with what the operation gives, or 422 with the parts of a `SentimentError`.
    """

    async def ask(request: Request) -> JSONResponse:
        asked = await request.json()
        try:
            return JSONResponse(await run_in_threadpool(_answer, holder, asked))
        except SentimentError as error:
            return JSONResponse(error.to_dict(), status_code=422)

    return Starlette(routes=[Route("/ask", ask, methods=["POST"])])


def _answer(holder: ModelHolder, asked: dict[str, Any]) -> dict[str, Any]:
    return run_operation(asked["operation"], holder.get(asked["model"]), asked["arguments"])


def main(socket: str) -> None:
    """Serves until the standard input is closed."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cache_programs()
    os.umask(0o077)
    uvicorn.run(make_app(ModelHolder()), uds=socket, log_level="warning", access_log=False)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
