"""A network as an ONNX graph with the same probabilities: token ids in, probabilities out.

The graph is written node by node from the weights, by the definitions of the operators in opset 18. The tokenizer is
not in it: tokenizer.json goes beside it. Batch and length are free; rows are padded on the right with id 0.
"""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.models.baselines import LinearModel
from sentiment.models.encoder_config import PAD, EncoderConfig
from sentiment.models.features import MAX_TOKENS, VectorFeatures

if TYPE_CHECKING:
    from sentiment.models.predictor import Predictor

OPSET = 18
_IR_VERSION = 9  # that of onnx 1.14 and onnxruntime 1.15, so that runtimes of these years read it
_LOWEST = np.finfo(np.float32).min
# Blocks of our kernels in the order in which the operators have theirs.
_BLOCKS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
_OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}


def to_onnx(model: "Predictor | LinearModel") -> bytes:
    """The content of a .onnx file: `ids` int32[batch, length] → `probs` float32[batch, n_classes].

    The model's temperature is in it. Its metadata have "classes" (a JSON list) and "max_length": of a longer text, the
    first max_length // 2 tokens are read and the last ones.

    Raises:
        ModelError: if the model does not read token ids (one that counts words or characters).
    """
    graph = _Graph()
    mask = graph.add("Cast", graph.add("Not", graph.add("Equal", "ids", graph.keep("pad", np.int32(PAD)))), to=1)
    if isinstance(model, LinearModel):
        logits, max_length = _linear(graph, model, mask), MAX_TOKENS
    else:
        logits, max_length = _network(graph, model, mask), model.model.max_length
    scaled = graph.add("Div", logits, graph.keep("temperature", np.float32(model.temperature)))
    graph.add("Softmax", scaled, output="probs", axis=-1)
    return graph.finish(model.classes, max_length)


def _linear(graph: "_Graph", model: LinearModel, mask: str) -> str:
    """The logits of averaged word vectors."""
    features = model.features
    if not isinstance(features, VectorFeatures):
        raise ModelError(
            f"The model {model.name} counts words or characters, which ONNX has no operators for",
            expected="A CNN, an RNN or averaged word vectors",
            todo="Export a package (.zip), or fine-tune another base model",
        )
    words = graph.add("Gather", graph.keep("vectors", features.vectors), "ids")
    words = graph.add("Mul", words, graph.add("Unsqueeze", mask, graph.numbers("last", -1)))
    total = graph.add("ReduceSum", words, graph.numbers("words", 1), keepdims=0)
    averaged = graph.add("Div", total, graph.count(mask))
    scaled = graph.add("Sub", averaged, graph.keep("mean", features.mean))
    scaled = graph.add("Mul", scaled, graph.keep("scale", features.scale))
    # A text without a word has the features 0, not those of a mean of 0.
    there = graph.add(
        "Cast",
        graph.add("Cast", graph.add("ReduceMax", graph.add("Abs", averaged), graph.numbers("last", -1)), to=9),
        to=1,
    )
    return graph.head(graph.add("Mul", scaled, there), model.kernel, model.bias)


def _network(graph: "_Graph", model: "Predictor", mask: str) -> str:
    """The logits of an encoder and its head."""
    params, config = model.model.params, model.model.encoder
    if not isinstance(config, EncoderConfig):
        raise ModelError(
            "The model was brought from Keras, and its layers are not written as ONNX",
            expected="A CNN, an RNN or averaged word vectors",
            todo="Export a package (.zip)",
        )
    encoder: dict[str, Any] = params["encoder"]
    words = graph.add("Gather", graph.keep("embedding", encoder["embedding"]["embedding"]), "ids")
    words = graph.add("Mul", words, graph.add("Unsqueeze", mask, graph.numbers("last", -1)))
    encode = _convolutions if config.kind == "cnn" else _recurrence
    return graph.head(encode(graph, config, encoder, words, mask), params["head"]["kernel"], params["head"]["bias"])


def _convolutions(graph: "_Graph", config: EncoderConfig, encoder: dict[str, Any], words: str, mask: str) -> str:
    """Text vectors [batch, hidden] of a TextCNN, from word vectors [batch, length, embed]."""
    columns = graph.add("Transpose", words, perm=[0, 2, 1])  # [batch, embed, length]
    inside = graph.add("Unsqueeze", mask, graph.numbers("words", 1))  # [batch, 1, length]
    pooled = []
    for place, width in enumerate(config.widths):
        weights = encoder["convolutions"][place]
        kernel = graph.keep(f"kernel_{place}", np.transpose(weights["kernel"], (2, 1, 0)))
        bias = graph.keep(f"bias_{place}", weights["bias"])
        answers = graph.add("Relu", graph.add("Conv", columns, kernel, bias, pads=[width - 1, 0]))
        pooled += [_pool(graph, name, answers, inside, axis=2) for name in config.pooling]
    return graph.add("Concat", *pooled, axis=-1)


def _pool(graph: "_Graph", name: str, values: str, inside: str, *, axis: int) -> str:
    """Values at the words pooled over the axis of the words; `inside` is 1 at words, else 0. Zeros without a word."""
    over = graph.numbers(f"axis_{axis}", axis)
    if name == "last":
        place = graph.add("CumSum", inside, graph.keep(f"along_{axis}", np.int64(axis)))
        n_words = graph.add("ReduceSum", inside, over)
        is_last = graph.add("Cast", graph.add("Equal", place, n_words), to=1)  # padding after it has the same place
        inside = graph.add("Mul", is_last, inside)
    if name == "max":
        masked = graph.add("Where", graph.add("Cast", inside, to=9), values, graph.keep("lowest", _LOWEST))
        highest = graph.add("ReduceMax", masked, over, keepdims=0)
        return graph.add("Mul", highest, graph.add("ReduceMax", inside, over, keepdims=0))
    total = graph.add("ReduceSum", graph.add("Mul", values, inside), over, keepdims=0)
    if name == "last":
        return total
    n_words = graph.add("ReduceSum", inside, over, keepdims=0)
    return graph.add("Div", total, graph.add("Max", n_words, graph.keep("one", np.float32(1))))


def _recurrence(graph: "_Graph", config: EncoderConfig, encoder: dict[str, Any], words: str, mask: str) -> str:
    """Text vectors [batch, hidden] of a TextRNN, from word vectors [batch, length, embed]."""
    kind, units, directions = config.kind, config.units, config.directions
    blocks = _BLOCKS[kind]

    def ordered(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
        """A kernel [directions, rows, gates * units] as the operators have it, [directions, gates * units, rows]."""
        parts = np.split(kernel, len(blocks), axis=-1)
        return np.swapaxes(np.concatenate([parts[block] for block in blocks], axis=-1), 1, 2)

    bias = ordered(np.asarray(encoder["bias"])[:, None])[..., 0]  # of the input; that of the recurrence is 0
    weights = [
        graph.keep("input_kernel", ordered(np.swapaxes(encoder["input_kernel"], 0, 1))),
        graph.keep("recurrent_kernel", ordered(np.asarray(encoder["recurrent_kernel"]))),
        graph.keep("recurrent_bias", np.concatenate([bias, np.zeros_like(bias)], axis=1)),
    ]
    n_words = graph.add("ReduceSum", mask, graph.numbers("words", 1), keepdims=0)
    lengths = graph.add("Cast", graph.add("Max", n_words, graph.keep("one", np.float32(1))), to=6)
    extra = {"linear_before_reset": 1} if kind == "gru" else {}
    outputs, last = graph.add_two(
        _OPERATORS[kind],
        graph.add("Transpose", words, perm=[1, 0, 2]),
        *weights,
        lengths,
        hidden_size=units,
        direction="bidirectional" if directions == 2 else "forward",
        **extra,
    )  # [length, directions, batch, units] and [directions, batch, units]
    states = graph.add("Transpose", outputs, perm=[2, 0, 1, 3])
    joined = graph.keep("joined", np.array([0, 0, directions * units], np.int64))
    states = graph.add("Reshape", states, joined)  # [batch, length, directions * units]
    inside = graph.add("Unsqueeze", mask, graph.numbers("last", -1))
    return graph.add(
        "Concat",
        *(
            _last_states(graph, last, inside, directions * units)
            if name == "last"
            else _pool(graph, name, states, inside, axis=1)
            for name in config.pooling
        ),
        axis=-1,
    )


def _last_states(graph: "_Graph", last: str, inside: str, size: int) -> str:
    """The states after the last word that each direction read [batch, directions * units]; zeros without a word."""
    flat = graph.add(
        "Reshape", graph.add("Transpose", last, perm=[1, 0, 2]), graph.keep("flat", np.array([0, size], np.int64))
    )
    return graph.add("Mul", flat, graph.add("ReduceMax", inside, graph.numbers("axis_1", 1), keepdims=0))


class _Graph:
    """An ONNX graph in the making. Values are known by name; each weight is kept once."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise ModelError(
                "Writing ONNX needs the library onnx, which is not installed", todo="pip install onnx"
            ) from error
        self._onnx = onnx
        self._nodes: list[Any] = []
        self._kept: dict[str, Any] = {}

    def keep(self, name: str, value: Any) -> str:
        """A constant of the graph."""
        array = np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value)
        self._kept.setdefault(name, self._onnx.numpy_helper.from_array(array, name))
        return name

    def numbers(self, name: str, *values: int) -> str:
        """A constant list of whole numbers, such as axes."""
        return self.keep(f"of_{name}", np.array(values, np.int64))

    def count(self, mask: str) -> str:
        """The number of words of each text, at least 1, float32[batch, 1]."""
        n_words = self.add("ReduceSum", mask, self.numbers("words", 1))
        return self.add("Max", n_words, self.keep("one", np.float32(1)))

    def head(self, vectors: str, kernel: Any, bias: Any) -> str:
        """Logits of text vectors."""
        product = self.add("MatMul", vectors, self.keep("head_kernel", np.asarray(kernel)))
        return self.add("Add", product, self.keep("head_bias", np.asarray(bias)))

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """The result of one operator."""
        name = output or f"v{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    def add_two(self, operator: str, *inputs: str, **attributes: Any) -> tuple[str, str]:
        """The first two results of one operator."""
        names = f"v{len(self._nodes)}", f"v{len(self._nodes)}_last"
        self._nodes.append(self._onnx.helper.make_node(operator, inputs, names, **attributes))
        return names

    def finish(self, classes: tuple[str, ...], max_length: int) -> bytes:
        """The file's content."""
        helper, types = self._onnx.helper, self._onnx.TensorProto
        graph = helper.make_graph(
            self._nodes,
            "sentiment",
            [helper.make_tensor_value_info("ids", types.INT32, ["batch", "length"])],
            [helper.make_tensor_value_info("probs", types.FLOAT, ["batch", len(classes)])],
            list(self._kept.values()),
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION, producer_name="sentiment"
        )
        described = {"classes": json.dumps(list(classes), ensure_ascii=False), "max_length": str(max_length)}
        helper.set_model_props(model, described)
        return model.SerializeToString(deterministic=True)
