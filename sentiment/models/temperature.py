"""The temperature of a model: what its logits are divided by before they become probabilities.

It stands in the model folder's config.json and is fitted once a model has learned (`sentiment.evaluation.calibration`),
so that a probability of 0.8 means right in 8 of 10 cases. A model without one has the temperature 1.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sentiment.errors import ModelError
from sentiment.files import read_json, write_json

NAME = "temperature"
_LOWEST, _HIGHEST = 1e-3, 1e3


def temperature_of(config: Mapping[str, Any]) -> float:
    """The temperature that a model's config names; 1.0 where it names none.

    Raises:
        ModelError: if it is no number from 0.001 to 1,000.
    """
    value = config.get(NAME, 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _LOWEST <= value <= _HIGHEST:
        raise ModelError(
            f"The temperature of a model is {str(value)[:40]!r}",
            expected=f"A number from {_LOWEST:g} to {_HIGHEST:g}",
            todo="Train the model again",
        )
    return float(value)


def write_temperature(folder: Path, temperature: float) -> None:
    """Writes the temperature into the config.json of a model folder, whole or not at all.

    Raises:
        OSError: if there is no config.json or it cannot be written.
    """
    config = read_json(folder / "config.json")
    write_json(folder / "config.json", {**config, NAME: temperature})
