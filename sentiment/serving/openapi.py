"""What the endpoint says of itself: an OpenAPI description, and a page for people that loads nothing from elsewhere."""

import html
import json
from typing import Any

from sentiment import __version__
from sentiment.numbers import number
from sentiment.serving.limits import EndpointLimits

_STATUSES = {
    "401": "The token is missing or wrong.",
    "404": "No run of that name is served, or none at all.",
    "408": "The request took too long to arrive.",
    "413": "The request has too many bytes.",
    "415": "The content is not application/json.",
    "422": "The content is malformed, or a limit is passed; the answer says which.",
    "503": "Too much is waiting, or the model cannot be reached; try again after the seconds in Retry-After.",
}


def describe(limits: EndpointLimits, *, needs_token: bool) -> dict[str, Any]:
    """The OpenAPI 3.1 description of the endpoint.

    Args:
        limits: its bounds.
        needs_token: whether it takes a token.
    """
    text = {"type": "string", "maxLength": limits.max_text_chars}
    asked = {
        "type": "object",
        "required": ["texts"],
        "additionalProperties": False,
        "properties": {
            "texts": {"type": "array", "items": text, "maxItems": limits.max_texts},
            "run": {"type": "string", "description": "Which of the served runs to ask; the first one by default."},
        },
        "example": {"texts": ["A wonderful little camera.", "It broke after a day."]},
    }
    names = {"type": "array", "items": {"type": "string"}}
    answer = {
        "type": "object",
        "required": ["run", "classes", "predictions", "probs"],
        "properties": {
            "run": {"type": "string", "description": "The run that answered."},
            "classes": {**names, "description": "The classes, in the order of the probabilities."},
            "predictions": {
                "type": "array",
                "items": {"type": ["string", "null"]},
                "description": "For each text the class that the thresholds saved with the run give, null where they "
                "leave it undecided; without thresholds the most likely class.",
            },
            "probs": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
                "description": "For each text the calibrated probability of each class; they sum to 1.",
            },
        },
        "example": {
            "run": "reviews",
            "classes": ["negative", "neutral", "positive"],
            "predictions": ["positive", "negative"],
            "probs": [[0.01, 0.04, 0.95], [0.93, 0.05, 0.02]],
        },
    }
    error = {"type": "object", "properties": {name: {"type": "string"} for name in ("given", "expected", "todo")}}
    operation = {
        "operationId": "predict",
        "summary": "The classes of texts",
        "requestBody": {"required": True, "content": _json({"$ref": "#/components/schemas/Texts"})},
        "responses": {
            "200": {
                "description": "For each text, in order, its class and the probabilities.",
                "content": _json({"$ref": "#/components/schemas/Predictions"}),
            },
            **{
                status: {"description": words, "content": _json({"$ref": "#/components/schemas/Error"})}
                for status, words in _STATUSES.items()
                if status != "401" or needs_token
            },
        },
        **({"security": [{"token": []}]} if needs_token else {}),
    }
    schemes = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if needs_token else {}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sentiment Studio",
            "version": __version__,
            "description": "Sentiment of texts, by a run's model.",
        },
        "paths": {"/api/predict": {"post": operation}},
        "components": {"schemas": {"Texts": asked, "Predictions": answer, "Error": error}, **schemes},
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def docs_page(limits: EndpointLimits, *, address: str, needs_token: bool) -> str:
    """The description as a page, HTML without scripts.

    Args:
        limits: the endpoint's bounds.
        address: where it answers, for the examples; untrusted.
        needs_token: whether it takes a token.
    """
    described = describe(limits, needs_token=needs_token)
    schemas = described["components"]["schemas"]
    asked = json.dumps(schemas["Texts"]["example"])
    header = ' \\\n  -H "Authorization: Bearer $TOKEN"' if needs_token else ""
    command = f"curl {address}/api/predict \\\n  -H 'Content-Type: application/json'{header} \\\n  -d '{asked}'"
    rows = "".join(f"<tr><td>{status}</td><td>{html.escape(words)}</td></tr>" for status, words in _STATUSES.items())
    bounds = (
        f"At most {number(limits.max_texts)} texts of {number(limits.max_text_chars)} characters each, and "
        f"{limits.max_body_bytes / 1e6:.0f} MB in a request."
    )
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Sentiment Studio: the endpoint</title><style>{_STYLE}</style>"
        "<h1>POST /api/predict</h1><p>For each text, in order, its class and the probability of each class.</p>"
        f"<pre>{html.escape(command)}</pre><h2>It answers</h2>"
        f"<pre>{html.escape(json.dumps(schemas['Predictions']['example'], indent=1))}</pre>"
        "<p>A field <code>run</code> beside <code>texts</code> asks another of the served runs. "
        f"{bounds} Who asks for more, or for something else, is told what was given, what was expected and what to do, "
        f"as JSON.</p><h2>Other answers</h2><table>{rows}</table>"
        "<p>The same for programs: <a href='openapi.json'>openapi.json</a> (OpenAPI 3.1).</p></html>"
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "pre{background:#8882;padding:.8rem;overflow-x:auto;border-radius:.5rem}td{padding:.15rem .8rem .15rem 0;"
    "vertical-align:top}"
)
