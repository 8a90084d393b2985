"""The endpoint for other programs beside the dashboard: its routes, which ask the model process."""

from functools import lru_cache

import numpy as np
from starlette.routing import Route

from sentiment.serving import client
from sentiment.serving.http import Endpoint
from sentiment.serving.merging import Answer
from sentiment.serving.served import open_to_all, served_runs
from sentiment.workspace import Workspace


def routes() -> list[Route]:
    """What the server of the dashboard answers besides pages."""
    endpoint = Endpoint(
        _ask, lambda: served_runs(_workspace()), open_without_token=lambda: open_to_all(_workspace())
    )
    return endpoint.routes()


@lru_cache(maxsize=1)
def _workspace() -> Workspace:
    """The workspace of this server, opened when the endpoint is first asked."""
    return Workspace()


def _ask(model: str, texts: list[str]) -> Answer:
    answer = client.ask("predict", model, texts=texts)
    classes = tuple(answer["classes"])
    return classes, np.asarray(answer["probs"], np.float32).reshape(len(texts), len(classes))
