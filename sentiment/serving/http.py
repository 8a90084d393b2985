"""The endpoint for other programs: `POST /api/predict`, bounded, batched, described by OpenAPI.

It stands beside the dashboard, or alone (`python -m sentiment serve`). It only reads: whoever reaches it can ask the
runs that an owner chose to serve, and no others.
"""

import asyncio
import hmac
import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sentiment.errors import ModelError, SentimentError, UsageError
from sentiment.evaluation.thresholds import UNDECIDED, Rule
from sentiment.numbers import number
from sentiment.serving.limits import ENDPOINT_LIMITS, EndpointLimits
from sentiment.serving.merging import Busy, Merger, Predict
from sentiment.serving.openapi import describe, docs_page

TOKEN = "SENTIMENT_API_TOKEN"
_EXAMPLE = '{"texts": ["…", "…"]}'
_RETRY_SECONDS = "1"
_DECIMALS = 7  # of a probability: as many as a float32 has, and half the bytes
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_PAGE_HEADERS = {**_HEADERS, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
log = logging.getLogger("sentiment.serving")

Served = Callable[[], Mapping[str, str]]  # the runs that are served: name → what `load` takes; the first by default
RuleOf = Callable[[str], Rule | None]  # what `load` takes → how a class is chosen; None for the most likely one


class _Refusal(Exception):
    """An answer that is not the one that was asked for."""

    def __init__(self, status: int, error: SentimentError, **headers: str) -> None:
        self.status, self.error, self.headers = status, error, headers


class Endpoint:
    """The endpoint.

    Args:
        predict: (what `load` takes, texts) → classes and probabilities; called in a thread.
        served: which runs are served now; called in a thread.
        rule_of: the rule that a run's classes are chosen by; called in a thread.
        limits: bounds on a request.
        open_without_token: whether who has no token may ask where no token is set; called in a thread.
    """

    def __init__(
        self,
        predict: Predict,
        served: Served,
        *,
        rule_of: RuleOf = lambda _: None,
        limits: EndpointLimits = ENDPOINT_LIMITS,
        open_without_token: Callable[[], bool] = lambda: True,
    ) -> None:
        self._merger = Merger(predict, most_waiting=limits.max_waiting_texts, most_chars=limits.max_waiting_chars)
        self._served, self._rule_of, self._limits, self._open = served, rule_of, limits, open_without_token

    def routes(self) -> list[Route]:
        """The routes of a Starlette application."""
        return [
            Route("/api/predict", self._predict, methods=["POST"]),
            Route("/api/openapi.json", self._openapi),
            Route("/api/docs", self._docs),
            Route("/api/health", self._health),
        ]

    async def _predict(self, request: Request) -> Response:
        try:
            return JSONResponse(await self._answer(request), headers=_HEADERS)
        except _Refusal as refusal:
            return _refused(refusal.status, refusal.error, **refusal.headers)
        except Busy:
            busy = ModelError("Too many texts are waiting for the model", todo="Try again in a second")
            return _refused(503, busy, **{"Retry-After": _RETRY_SECONDS})
        except UsageError as error:
            return _refused(422, error)
        except SentimentError as error:
            log.warning("the endpoint cannot answer: %s", error)
            return _refused(503, error, **{"Retry-After": _RETRY_SECONDS})
        except Exception:
            log.exception("the endpoint failed")
            return _refused(500, ModelError("The model failed at this", todo="Try again; the server's log says more"))

    async def _answer(self, request: Request) -> dict[str, Any]:
        await self._check_token(request)
        texts, name = check_request(_parse(await _body(request, self._limits)), self._limits)
        served = await run_in_threadpool(self._served)
        if not served:
            raise _Refusal(404, ModelError("No run is served", todo="Choose one on the Share page, or with `serve`"))
        run = next(iter(served)) if name is None else name
        if run not in served:
            raise _Refusal(404, ModelError("No run of this name is served", expected=f"One of {', '.join(served)}"))
        rule = await run_in_threadpool(self._rule_of, served[run]) or Rule()
        classes, probs = await self._merger.ask(served[run], texts)
        return {
            "run": run,
            "classes": list(classes),
            "predictions": [None if said == UNDECIDED else classes[said] for said in rule.decide(probs, classes)],
            "probs": np.round(probs.astype(np.float64), _DECIMALS).tolist(),
        }

    async def _check_token(self, request: Request) -> None:
        expected = os.environ.get(TOKEN, "")
        if not expected:
            if await run_in_threadpool(self._open):
                return
            raise _Refusal(
                401,
                UsageError(
                    "People sign in here, and the endpoint has no token",
                    todo=f"Set {TOKEN}, and send it as a Bearer token",
                ),
            )
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode("latin-1", "replace"), expected.encode())
        if scheme.lower() != "bearer" or not right:
            missing = UsageError("The token is missing or wrong", expected="The header Authorization: Bearer TOKEN")
            raise _Refusal(401, missing, **{"WWW-Authenticate": "Bearer"})

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(describe(self._limits, needs_token=bool(os.environ.get(TOKEN))), headers=_HEADERS)

    async def _docs(self, request: Request) -> Response:
        address = f"{request.url.scheme}://{request.url.netloc}"
        page = docs_page(self._limits, address=address, needs_token=bool(os.environ.get(TOKEN)))
        return HTMLResponse(page, headers=_PAGE_HEADERS)

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_HEADERS)


async def _body(request: Request, limits: EndpointLimits) -> bytes:
    """The content of a request, read no further than the limit."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        given = f"The content is {kind[:60]!r}" if kind else "The request does not say what its content is"
        raise _Refusal(415, UsageError(given, expected="The header Content-Type: application/json"))
    too_large = _Refusal(
        413,
        UsageError(
            "The request is too large",
            expected=f"At most {number(limits.max_body_bytes)} bytes",
            todo="Send fewer texts at a time",
        ),
    )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limits.max_body_bytes:
        raise too_large
    content = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for part in request.stream():
                content += part
                if len(content) > limits.max_body_bytes:
                    raise too_large
    except TimeoutError as error:
        raise _Refusal(408, UsageError("The request did not arrive in time")) from error
    return bytes(content)


def _parse(content: bytes) -> Any:
    """The JSON value of a request.

    Raises:
        UsageError: if it is none.
    """
    try:
        return json.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"Byte {number(error.start)} of the request is not UTF-8", expected="JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        place = f"line {number(error.lineno)}, column {number(error.colno)}"
        raise UsageError(f"The request is not JSON ({error.msg} at {place})", expected=_EXAMPLE) from error
    except (RecursionError, ValueError) as error:  # nested too deeply; a number of thousands of digits
        raise UsageError("The request is JSON of a kind that nobody needs", expected=_EXAMPLE) from error


def check_request(value: Any, limits: EndpointLimits) -> tuple[list[str], str | None]:
    """The texts of a request and the run that it names; None for the default.

    Raises:
        UsageError: saying which part of it is not as it should be.
    """
    if not isinstance(value, dict):
        raise UsageError(f"The request is {_kind(value)}", expected=f"An object: {_EXAMPLE}")
    if unknown := [name for name in value if name not in ("texts", "run")]:
        raise UsageError(f"The request has a field {unknown[0][:60]!r}", expected="texts, and run if you like")
    texts, name = value.get("texts"), value.get("run")
    if not isinstance(texts, list):
        given = f"texts is {_kind(texts)}" if "texts" in value else "The request has no texts"
        raise UsageError(given, expected=f"A list of strings: {_EXAMPLE}")
    if name is not None and not isinstance(name, str):
        raise UsageError(f"run is {_kind(name)}", expected="The name of a run, as a string")
    if len(texts) > limits.max_texts:
        raise UsageError(
            f"The request has {number(len(texts))} texts",
            expected=f"At most {number(limits.max_texts)}",
            todo="Send them in several requests",
        )
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise UsageError(f"Text {number(place + 1)} is {_kind(text)}", expected="A string")
        if len(text) > limits.max_text_chars:
            raise UsageError(
                f"Text {number(place + 1)} has {number(len(text))} characters",
                expected=f"At most {number(limits.max_text_chars)}",
                todo="Cut it; the model reads its beginning and its end",
            )
    return texts, name


def _kind(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    names = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")


def _refused(status: int, error: SentimentError, **headers: str) -> Response:
    parts = {"given": error.given, "expected": error.expected, "todo": error.todo}
    return JSONResponse(parts, status_code=status, headers={**_HEADERS, **headers})
