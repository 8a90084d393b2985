"""The endpoint for other programs beside the dashboard: its routes, which ask the model process."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from starlette.routing import Route

from sentiment.access import Role
from sentiment.errors import AccessError
from sentiment.evaluation.thresholds import Rule
from sentiment.judging import read_rule
from sentiment.serving import client
from sentiment.serving.http import Endpoint
from sentiment.serving.merging import Answer
from sentiment.serving.served import served_runs
from sentiment.workspace import Workspace
from ui import people


def routes() -> list[Route]:
    """What the server of the dashboard answers besides pages."""
    served = Endpoint(_ask, lambda: served_runs(_workspace()), rule_of=_rule_of, open_without_token=_is_open)
    return served.routes()


def _rule_of(model: str) -> Rule | None:
    return read_rule(Path(model))


def _is_open() -> bool:
    """Whether somebody who has not signed in may look at this server, and so may ask it without a token."""
    try:
        return people.may(Role.VIEWER)
    except AccessError:
        return False


@lru_cache(maxsize=1)
def _workspace() -> Workspace:
    """The workspace of this server, opened when the endpoint is first asked."""
    return Workspace()


def _ask(model: str, texts: list[str]) -> Answer:
    answer = client.ask("predict", model, texts=texts)
    classes = tuple(answer["classes"])
    return classes, np.asarray(answer["probs"], np.float32).reshape(len(texts), len(classes))
