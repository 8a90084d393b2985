"""The options of one Keras layer, taken one by one: what nobody asked for must be of no consequence, or is refused."""

from collections.abc import Mapping
from typing import Any

from sentiment.errors import ModelError
from sentiment.models.keras_import.layers import ACTIVATIONS, Layer, make_layer

_DTYPES = ("float32", "float16", "float64", "mixed_float16", "mixed_bfloat16")
# The ids of words, which are the same in any of these, go into these layers and no others.
_WORD_DTYPES = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_TAKES_WORDS = ("InputLayer", "Embedding")
_SYNONYMS = {"swish": "silu"}
# Of no consequence once a network has been trained, or looked at elsewhere.
_IDLE = ["name", "trainable", "batch_input_shape", "batch_shape", "input_length", "input_dim", "output_dim", "seed"]
_IDLE += ["rate", "noise_shape", "dropout", "recurrent_dropout", "implementation", "unroll", "unit_forget_bias"]
_IDLE += ["momentum", "renorm_momentum", "renorm_clipping", "synchronized", "autocast", "optional", "shared_object_id"]
_IDLE_ENDINGS = ("_initializer", "_regularizer", "_constraint")


class Options:
    """The configuration of one layer.

    Args:
        class_name: of the layer.
        config: its configuration, as it stands in the file.
        version: the major version of Keras that wrote it.

    Raises:
        ModelError: if there is none, or its numbers are of a kind that cannot be imported.
    """

    def __init__(self, class_name: str, config: Any, *, version: int) -> None:
        if not isinstance(config, Mapping):
            raise ModelError(f"The layer {class_name} has no configuration", expected="A file that Keras saved")
        self.class_name, self.version = class_name, version
        self.name = str(config.get("name", class_name))[:80]
        self._config, self._left = config, set(config)
        self._check_dtype(self.take("dtype", "float32"))

    def refused(self, what: str, *, expected: str = "") -> ModelError:
        """The error for something in this layer."""
        return ModelError(
            f"The layer {self.name} ({self.class_name}) {what}, which cannot be imported", expected=expected
        )

    def take(self, key: str, default: Any = None) -> Any:
        """The value of an option."""
        self._left.discard(key)
        return self._config.get(key, default)

    def must(self, key: str, *allowed: Any) -> None:
        """Refuses an option whose value is not one of these; the first is the default."""
        value = self.take(key, allowed[0])
        if not any(type(value) is type(one) and value == one for one in allowed):
            raise self.refused(f"has {key} = {str(value)[:60]}", expected=f"{key} = {allowed[0]}")

    def flag(self, key: str, default: bool) -> bool:
        """An option that is true or false."""
        value = self.take(key, default)
        if type(value) is not bool:
            raise self.refused(f"has {key} = {str(value)[:60]}", expected="true or false")
        return value

    def one_number(self, key: str, default: Any = None) -> Any:
        """An option that Keras writes as a number, or as a list of one number."""
        value = self.take(key, default)
        return value[0] if isinstance(value, list | tuple) and len(value) == 1 else value

    def activation(self, key: str = "activation", default: str = "linear") -> str:
        """The name of an activation."""
        value = self.take(key, default)
        if isinstance(value, Mapping):  # a function by name, in the words of Keras 3
            value = value.get("config") if value.get("class_name") == "function" else value.get("class_name")
        value = "linear" if value is None else value
        name = _SYNONYMS.get(value, value) if isinstance(value, str) else ""
        if name == "hard_sigmoid" and self.version < 3:
            return "hard_sigmoid_2"
        if name not in ACTIVATIONS or name == "hard_sigmoid_2":
            raise self.refused(f"has the activation {str(value)[:60]!r}", expected=f"One of {', '.join(ACTIVATIONS)}")
        return name

    def layer(self, kind: str, **options: Any) -> Layer:
        """The layer, once all that matters was taken: what is left over must be of no consequence.

        Raises:
            ModelError: naming the option.
        """
        self.finish()
        try:
            return make_layer(kind, **options)
        except ValueError as error:
            raise self.refused(f"is out of range ({error})") from error

    def finish(self) -> None:
        """Refuses what is left over, unless it is switched off or of no consequence."""
        for key in sorted(map(str, self._left)):
            if key in _IDLE or key.endswith(_IDLE_ENDINGS) or self._config[key] in (None, False):
                continue
            raise self.refused(f"has the option {key[:60]!r} = {str(self._config[key])[:60]}")

    def _check_dtype(self, value: Any) -> None:
        if isinstance(value, Mapping):
            config = value.get("config")
            value = config.get("name") if isinstance(config, Mapping) else None
        allowed = _DTYPES + _WORD_DTYPES if self.class_name in _TAKES_WORDS else _DTYPES
        if value not in (*allowed, None):
            raise self.refused(f"computes in {str(value)[:40]}", expected=f"One of {', '.join(allowed)}")
