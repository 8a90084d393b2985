"""A Keras file and its tokenizer → a model of ours, or the reason why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment.errors import ModelError
from sentiment.models.keras_import.assembling import Head, assemble, find_head
from sentiment.models.keras_import.graph_config import KerasConfig
from sentiment.models.keras_import.parsing import ParsedGraph, parse_model
from sentiment.models.keras_import.reading import KerasFile, read_config, read_file
from sentiment.models.keras_import.vocabulary import check_sides, missing_tokenizer, read_tokenizer
from sentiment.models.keras_import.weights import Weights, collect_weights
from sentiment.models.keras_tokenizer import KerasTokenizer


@dataclass(frozen=True)
class KerasOptions:
    """What a Keras file does not say, and only its maker knows.

    Attributes:
        labels: the classes in the order of the model's outputs; of one sigmoid unit, that of 0 and that of 1.
        maxlen: tokens of a text; None takes what the file says.
        padding: the side that shorter texts were padded at, "pre" (Keras's default) or "post".
        truncating: the side that longer texts were cut at, likewise.
        clean: what was done to texts before Keras saw them, of `keras_tokenizer.STEPS`.
        logits: whether a last layer without an activation gives logits.
    """

    labels: Sequence[str]
    maxlen: int | None = None
    padding: str = "pre"
    truncating: str = "pre"
    clean: tuple[str, ...] = ()
    logits: bool = False


@dataclass(frozen=True)
class ImportedModel:
    """A model that was read.

    Attributes:
        encoder: the shape of its encoder.
        weights: by path, float32.
        tokenizer: its own.
        classes: in the order of the logits.
        summary: its layers in words, such as "Embedding, LSTM, Dense".
        version: of the Keras that wrote it.
    """

    encoder: KerasConfig
    weights: Weights
    tokenizer: KerasTokenizer
    classes: tuple[str, ...]
    summary: str
    version: str


def import_model(file: Path, tokenizer: Path | None, options: KerasOptions) -> ImportedModel:
    """The model in a .h5 or .keras file; nothing in it is executed, and Keras is not needed.

    Args:
        file: what model.save wrote.
        tokenizer: what tokenizer.to_json wrote.
        options: what the file does not say.

    Raises:
        ModelError: if something is not on the list of what can be imported, does not fit, is damaged, hostile, or
            missing.
    """
    check_sides(options.padding, options.truncating)
    described = read_config(file)
    if described is not None:  # before an array is read
        _check_graph(parse_model(described[0], version=3), options)
    read = read_file(file)
    graph = parse_model(read.config, version=read.major)
    head, maxlen = _check_graph(graph, options)
    if tokenizer is None:
        raise missing_tokenizer()
    assembled = assemble(graph, head, maxlen=maxlen, padding=options.padding)
    words = read_tokenizer(
        tokenizer,
        rows=assembled.config.vocab_size,
        maxlen=maxlen,
        truncating=options.truncating,
        clean=options.clean,
    )
    weights = collect_weights(read, graph, assembled, head)
    return ImportedModel(assembled.config, weights, words, tuple(options.labels), _summary(graph), version_of(read))


def version_of(read: KerasFile) -> str:
    """The version of Keras that wrote a file, in few characters."""
    return read.version[:20]


def _check_graph(graph: ParsedGraph, options: KerasOptions) -> tuple[Head, int]:
    """The head and the length of a text, if they go with the options."""
    head = find_head(graph, logits=options.logits)
    _check_labels(options.labels, head)
    if graph.length is None and options.maxlen is None:
        raise ModelError(
            "The model takes texts of any length, and what it says of one depends on how far it was padded",
            expected="The maxlen that its texts were padded to when it was trained",
            todo="Name it (--maxlen N)",
        )
    if None not in (graph.length, options.maxlen) and graph.length != options.maxlen:
        raise ModelError(
            f"The maxlen is given as {options.maxlen}, and the model reads {graph.length} words",
            todo="Leave it out, or give the model's own",
        )
    maxlen = options.maxlen or graph.length
    assert maxlen is not None
    return head, maxlen


def _check_labels(labels: Sequence[str], head: Head) -> None:
    expected = 2 if head.activation == "sigmoid" else head.units
    if len(set(labels)) < len(labels) or any(not label.strip() for label in labels):
        raise ModelError(f"The labels are {', '.join(labels)[:80]!r}", expected="Different names, none of them empty")
    if len(labels) != expected:
        order = "the one for outputs near 0, then the one for 1" if head.activation == "sigmoid" else "in their order"
        raise ModelError(
            f"The model tells {expected} classes apart, and {len(labels)} labels were named",
            expected=f"{expected} labels: {order}",
        )


def _summary(graph: ParsedGraph) -> str:
    """The classes of the layers that compute something, each once."""
    return ", ".join(dict.fromkeys(layer.class_name for layer in graph.layers if layer.layer is not None))
