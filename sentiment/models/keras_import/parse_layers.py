"""Keras's layer classes → layers of ours, class by class. A class that is not here is refused by its name."""

from collections.abc import Callable
from typing import Any

from sentiment.models.keras_import.layers import Layer
from sentiment.models.keras_import.options import Options


def _conv1d(options: Options) -> Layer:
    options.must("data_format", "channels_last", None)
    return options.layer(
        "conv1d",
        filters=options.take("filters"),
        width=options.one_number("kernel_size"),
        strides=options.one_number("strides", 1),
        dilation=options.one_number("dilation_rate", 1),
        groups=options.take("groups", 1),
        padding=options.take("padding", "valid"),
        activation=options.activation(),
        use_bias=options.flag("use_bias", True),
    )


def _pooling(kind: str) -> Callable[[Options], Layer]:
    def parse(options: Options) -> Layer:
        options.must("data_format", "channels_last", None)
        width = options.one_number("pool_size", 2)
        strides = options.one_number("strides")
        padding = options.take("padding", "valid")
        return options.layer(kind, width=width, strides=width if strides is None else strides, padding=padding)

    return parse


def _global_pooling(kind: str) -> Callable[[Options], Layer]:
    def parse(options: Options) -> Layer:
        options.must("data_format", "channels_last", None)
        options.must("keepdims", False)
        return options.layer(kind)

    return parse


def _recurrence(options: Options) -> dict[str, Any]:
    options.must("return_state", False)
    options.must("stateful", False)
    options.must("time_major", False)
    return {
        "units": options.take("units"),
        "activation": options.activation(default="tanh"),
        "use_bias": options.flag("use_bias", True),
        "return_sequences": options.flag("return_sequences", False),
        "go_backwards": options.flag("go_backwards", False),
        "zero_output": options.flag("zero_output_for_mask", False),
    }


def _simple_rnn(options: Options) -> Layer:
    return options.layer("simple_rnn", **_recurrence(options))


def _lstm(options: Options) -> Layer:
    gate = options.activation("recurrent_activation", "hard_sigmoid" if options.version < 2 else "sigmoid")
    return options.layer("lstm", recurrent_activation=gate, **_recurrence(options))


def _gru(options: Options) -> Layer:
    gate = options.activation("recurrent_activation", "hard_sigmoid" if options.version < 2 else "sigmoid")
    after = options.flag("reset_after", options.version >= 3)
    return options.layer("gru", recurrent_activation=gate, reset_after=after, **_recurrence(options))


def _bidirectional(options: Options) -> Layer:
    forward = _nested(options, options.take("layer"))
    other = options.take("backward_layer")
    backward = _nested(options, other) if other is not None else _turned(forward, go_backwards=True)
    if forward["return_sequences"]:  # Keras does so whatever the layers say
        forward, backward = _turned(forward, zero_output=True), _turned(backward, zero_output=True)
    return options.layer(
        "bidirectional", forward=forward, backward=backward, merge=options.take("merge_mode", "concat")
    )


def _nested(options: Options, value: Any) -> Layer:
    """The recurrence inside of a Bidirectional."""
    parse = {"SimpleRNN": _simple_rnn, "LSTM": _lstm, "GRU": _gru}.get(
        str(value.get("class_name")) if isinstance(value, dict) else ""
    )
    if parse is None:
        name = value.get("class_name") if isinstance(value, dict) else value
        raise options.refused(f"holds a layer {str(name)[:60]!r}", expected="SimpleRNN, LSTM or GRU")
    return parse(Options(value["class_name"], value.get("config"), version=options.version))


def _turned(layer: Layer, **changed: bool) -> Layer:
    return Layer(layer.kind, tuple(sorted({**dict(layer.options), **changed}.items())))


def _dense(options: Options) -> Layer:
    units, use_bias = options.take("units"), options.flag("use_bias", True)
    return options.layer("dense", units=units, activation=options.activation(), use_bias=use_bias)


def _batch_normalization(options: Options) -> Layer:
    options.take("axis")  # looked at where the shapes are known
    options.must("renorm", False)
    center, scale = options.flag("center", True), options.flag("scale", True)
    return options.layer("batch_normalization", epsilon=options.take("epsilon", 1e-3), center=center, scale=scale)


def _layer_normalization(options: Options) -> Layer:
    options.take("axis")
    options.must("rms_scaling", False)
    center, scale = options.flag("center", True), options.flag("scale", True)
    return options.layer("layer_normalization", epsilon=options.take("epsilon", 1e-3), center=center, scale=scale)


def _flatten(options: Options) -> Layer:
    options.must("data_format", "channels_last", None)
    return options.layer("flatten")


def _concatenate(options: Options) -> Layer:
    axis = options.take("axis", -1)
    if axis not in (1, 2, -1, -2):
        raise options.refused(f"joins along the axis {str(axis)[:40]}")
    return options.layer("concatenate", axis="length" if axis in (1, -2) else "last")


def _activation(options: Options) -> Layer:
    return options.layer("activation", activation=options.activation())


def _relu(options: Options) -> Layer:
    return options.layer(
        "relu",
        max_value=options.take("max_value"),
        negative_slope=options.take("negative_slope", 0.0) or 0.0,
        threshold=options.take("threshold", 0.0) or 0.0,
    )


def _leaky_relu(options: Options) -> Layer:
    old = options.take("alpha", 0.3)  # its name before Keras 3
    return options.layer("relu", max_value=None, negative_slope=options.take("negative_slope", old), threshold=0.0)


def _elu(options: Options) -> Layer:
    return options.layer("elu", alpha=options.take("alpha", 1.0))


def _softmax(options: Options) -> Layer:
    axis = options.one_number("axis", -1)
    if axis != -1:
        raise options.refused(f"acts along the axis {str(axis)[:40]}", expected="axis = -1")
    return options.layer("activation", activation="softmax")


def _nothing(options: Options) -> None:
    """A layer that only acts while a network is trained."""
    options.must("data_format", "channels_last", None)
    options.finish()


# Each class with the name of its weights' folder in a .keras file, and how it is read.
CLASSES: dict[str, tuple[str, Callable[[Options], Layer | None]]] = {
    "Conv1D": ("conv1d", _conv1d),
    "MaxPooling1D": ("max_pooling1d", _pooling("max_pooling1d")),
    "AveragePooling1D": ("average_pooling1d", _pooling("average_pooling1d")),
    "GlobalMaxPooling1D": ("global_max_pooling1d", _global_pooling("global_max_pooling1d")),
    "GlobalAveragePooling1D": ("global_average_pooling1d", _global_pooling("global_average_pooling1d")),
    "SimpleRNN": ("simple_rnn", _simple_rnn),
    "LSTM": ("lstm", _lstm),
    "GRU": ("gru", _gru),
    "Bidirectional": ("bidirectional", _bidirectional),
    "Dense": ("dense", _dense),
    "Dropout": ("dropout", _nothing),
    "SpatialDropout1D": ("spatial_dropout1d", _nothing),
    "BatchNormalization": ("batch_normalization", _batch_normalization),
    "LayerNormalization": ("layer_normalization", _layer_normalization),
    "Flatten": ("flatten", _flatten),
    "Concatenate": ("concatenate", _concatenate),
    "Activation": ("activation", _activation),
    "ReLU": ("re_lu", _relu),
    "LeakyReLU": ("leaky_re_lu", _leaky_relu),
    "ELU": ("elu", _elu),
    "Softmax": ("softmax", _softmax),
}
INPUT, EMBEDDING = "InputLayer", "Embedding"
NAMES = (INPUT, EMBEDDING, *CLASSES)
