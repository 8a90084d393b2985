"""What the model process can be asked: functions (model, arguments) → JSON values, by name."""

from collections.abc import Callable, Mapping
from typing import Any

from sentiment.errors import UsageError
from sentiment.serving.explain_operations import explain, explain_model, flip, similar
from sentiment.serving.holder import Model

Arguments = Mapping[str, Any]
Operation = Callable[[Model, Arguments], dict[str, Any]]


def predict(model: Model, arguments: Arguments) -> dict[str, Any]:
    """`classes`, and `probs`: for each of `texts` its probabilities in their order."""
    probs = model(texts_of(arguments))
    return {"classes": list(model.classes), "probs": probs.tolist()}


def texts_of(arguments: Arguments) -> list[str]:
    """The argument `texts`, checked.

    Raises:
        UsageError: if it is not a list of strings.
    """
    texts = arguments.get("texts")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise UsageError("The texts are not a list of strings", expected='{"texts": ["…", "…"]}')
    return texts


OPERATIONS: dict[str, Operation] = {
    "predict": predict,
    "explain": explain,
    "explain_model": explain_model,
    "flip": flip,
    "similar": similar,
}


def run_operation(name: str, model: Model, arguments: Arguments) -> dict[str, Any]:
    """What one operation answers.

    Raises:
        UsageError: if it is not known; further errors by operation.
    """
    if name not in OPERATIONS:
        raise UsageError(f"There is no operation {name!r}", expected=f"One of {', '.join(OPERATIONS)}")
    return OPERATIONS[name](model, arguments)
