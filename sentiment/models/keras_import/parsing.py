"""A Keras configuration → layers and what each of them reads, against a list of what may be in it.

Nothing that a configuration names is ever imported, made or called.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sentiment.errors import ModelError
from sentiment.models.keras_import.inbound import Inbound, functional_inbound, names_of
from sentiment.models.keras_import.layers import Layer
from sentiment.models.keras_import.options import Options
from sentiment.models.keras_import.parse_layers import CLASSES, EMBEDDING, INPUT, NAMES

WORDS, MASK = -1, -2  # what is read where no layer is: the ids of the words, and where there are words
_MODELS = ("Sequential", "Functional", "Model")
_MAX_LAYERS = 256
_MAX_DEPTH = 24
_EXPECTED = f"A Sequential or functional model of the layers {', '.join(NAMES)}"


@dataclass(frozen=True)
class KerasLayer:
    """One layer of the file.

    Attributes:
        name: its name.
        class_name: its class.
        folder: the name of its weights' folder in a .keras file.
        layer: what it is here; None if it does nothing once a network is trained.
        axis: which axis it normalizes; None if it does not.
        rows: rows of the table of an embedding.
    """

    name: str
    class_name: str
    folder: str
    layer: Layer | None
    axis: Any = None
    rows: int = 0


@dataclass
class ParsedGraph:
    """The layers of a file and how they are wired.

    Attributes:
        layers: in the order of the file.
        calls: what is computed: a layer, and what it reads (calls, or `WORDS`).
        output: the call whose output is the model's.
        length: places of a text; None if the file leaves it open.
        masked: calls that were given a mask.
    """

    layers: list[KerasLayer] = field(default_factory=list)
    calls: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    output: int = WORDS
    length: int | None = None
    masked: set[int] = field(default_factory=set)


def parse_model(model: Any, *, version: int) -> ParsedGraph:
    """The graph of a model's configuration.

    Args:
        model: the JSON value of config.json or of the attribute model_config.
        version: the major version of Keras that wrote it.

    Raises:
        ModelError: naming whatever is not on the list.
    """
    name = model.get("class_name") if isinstance(model, Mapping) else None
    if name not in _MODELS:
        raise ModelError(f"The model is of the class {str(name)[:60]!r}, which cannot be imported", expected=_EXPECTED)
    refuse_foreign(model)
    config = model.get("config")
    if isinstance(config, list):  # as Keras 1 and early versions of Keras 2 wrote it
        config = {"layers": config}
    entries = config.get("layers") if isinstance(config, Mapping) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MAX_LAYERS:
        raise ModelError("The model's configuration lists no layers, or too many", expected=_EXPECTED)
    assert isinstance(config, Mapping)
    if name == "Sequential":
        return _sequential(config, entries, version=version)
    return _functional(config, entries, version=version)


def refuse_foreign(value: Any, *, depth: int = 0) -> None:
    """Raises a ModelError for whatever is not Keras's own, anywhere in a configuration."""
    if depth > _MAX_DEPTH:
        raise ModelError("The model's configuration is nested too deeply")
    if isinstance(value, list):
        for one in value:
            refuse_foreign(one, depth=depth + 1)
    if not isinstance(value, Mapping):
        return
    name, module, registered = value.get("class_name"), value.get("module"), value.get("registered_name")
    if name == "Lambda":
        raise ModelError("The model has a Lambda layer, which holds code", expected=_EXPECTED)
    own = module is None or module == "builtins" or str(module).split(".")[0] == "keras"
    if not own or registered not in (None, name, "function", "Functional"):
        what = str(name)[:60] if own else f"{module}.{name}"[:80]
        raise ModelError(
            f"The model has its own class or function {what!r}, which cannot be imported", expected=_EXPECTED
        )
    for key, one in value.items():
        if key not in ("compile_config", "training_config"):
            refuse_foreign(one, depth=depth + 1)


class _Builder:
    """Reads layers one after another."""

    def __init__(self, *, version: int) -> None:
        self.graph, self.version = ParsedGraph(), version
        self._columns = 0

    def add(self, entry: Any) -> int:
        """Takes a layer in; returns its position."""
        class_name = str(entry.get("class_name"))[:80] if isinstance(entry, Mapping) else ""
        if class_name not in NAMES:
            name = entry.get("name") or _config(entry).get("name", "") if isinstance(entry, Mapping) else ""
            raise ModelError(
                f"The layer {str(name)[:60]!r} is of the class {class_name!r}, which cannot be imported",
                expected=_EXPECTED,
            )
        options = Options(class_name, entry.get("config"), version=self.version)
        self._note_length(options)
        self.graph.layers.append(self._read(class_name, options))
        return len(self.graph.layers) - 1

    def _read(self, class_name: str, options: Options) -> KerasLayer:
        if class_name == INPUT:
            options.must("sparse", False, None)
            options.must("ragged", False, None)
            options.take("optional")
            options.finish()
            return KerasLayer(options.name, INPUT, "input_layer", None)
        if class_name == EMBEDDING:
            return self._embedding(options)
        folder, parse = CLASSES[class_name]
        axis = options.one_number("axis", -1) if class_name.endswith("Normalization") else None
        return KerasLayer(options.name, class_name, folder, parse(options), axis)

    def _embedding(self, options: Options) -> KerasLayer:
        rows, size = options.take("input_dim"), options.take("output_dim")
        layer = options.layer("embedding", start=self._columns, size=size, mask_zero=options.flag("mask_zero", False))
        self._columns += layer["size"]
        if type(rows) is not int or not 2 <= rows <= 2_000_000:
            raise options.refused(f"has {str(rows)[:40]} words", expected="From 2 to 2,000,000")
        return KerasLayer(options.name, EMBEDDING, "embedding", layer, rows=rows)

    def _note_length(self, options: Options) -> None:
        """The places of a text, where a layer tells them."""
        for key in ("batch_shape", "batch_input_shape"):
            shape = options.take(key)
            if isinstance(shape, list | tuple) and len(shape) == 2 and options.class_name in (INPUT, EMBEDDING):
                self.graph.length = self.graph.length or _whole(shape[1])
        if options.class_name == EMBEDDING:
            length = options.one_number("input_length")
            self.graph.length = self.graph.length or _whole(length)

    def call(self, layer: int, sources: Sequence[int]) -> int:
        """The output of a layer on these inputs: a new call, or for a layer that does nothing, its input."""
        found = self.graph.layers[layer]
        if found.class_name == INPUT or found.layer is None:
            return sources[0] if sources else WORDS
        reads_words = any(source == WORDS for source in sources)
        if MASK in sources or reads_words != (found.class_name == EMBEDDING):
            raise ModelError(
                f"The layer {found.name} ({found.class_name}) reads the wrong thing",
                expected="Ids of words go into an Embedding, and everything else reads what comes out of one",
            )
        self.graph.calls.append((layer, tuple(sources)))
        return len(self.graph.calls) - 1


def _sequential(config: Mapping[str, Any], entries: list[Any], *, version: int) -> ParsedGraph:
    builder, last = _Builder(version=version), WORDS
    for entry in entries:
        last = builder.call(builder.add(entry), (last,))
    built = config.get("build_input_shape")
    if isinstance(built, list) and len(built) == 2:
        builder.graph.length = builder.graph.length or _whole(built[1])
    builder.graph.output = last
    return builder.graph


def _functional(config: Mapping[str, Any], entries: list[Any], *, version: int) -> ParsedGraph:
    inputs, outputs = names_of(config.get("input_layers")), names_of(config.get("output_layers"))
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelError(
            f"The model has {len(inputs)} inputs and {len(outputs)} outputs, which cannot be imported",
            expected="One input, the ids of the words, and one output",
        )
    builder, waiting = _Builder(version=version), list[tuple[int, Inbound]]()
    values: dict[tuple[str, int], int] = {(inputs[0][0], 0): WORDS}
    for entry in entries:
        if isinstance(entry, Mapping) and _is_mask(entry):
            values[str(entry.get("name")), 0] = MASK
            continue
        position = builder.add(entry)
        name = str(entry.get("name") or builder.graph.layers[position].name)
        if builder.graph.layers[position].class_name == INPUT:
            continue
        waiting += [(position, inbound) for inbound in functional_inbound(entry, name=name)]
    if len(waiting) > _MAX_LAYERS:
        raise ModelError(f"The model calls its layers {len(waiting)} times", expected=f"{_MAX_LAYERS} times at most")
    _connect(builder, waiting, values)
    if outputs[0] not in values:
        raise ModelError(f"The model's output {outputs[0][0][:60]!r} is not there", expected=_EXPECTED)
    builder.graph.output = values[outputs[0]]
    return builder.graph


def _connect(builder: _Builder, waiting: list[tuple[int, Inbound]], values: dict[tuple[str, int], int]) -> None:
    """Makes the calls whose inputs are known, until all are made."""
    while waiting:
        ready = [one for one in waiting if all(source in values for source in one[1].sources)]
        if not ready:
            raise ModelError("The layers of the model read what is not there", expected=_EXPECTED)
        for position, inbound in ready:
            call = builder.call(position, [values[source] for source in inbound.sources])
            if inbound.mask is not None:
                if values.get(inbound.mask) != MASK:
                    raise ModelError(f"The layer {inbound.node[0][:60]} is given a mask that cannot be imported")
                builder.graph.masked.add(call)
            values[inbound.node] = call
        waiting = [one for one in waiting if one not in ready]


def _is_mask(entry: Mapping[str, Any]) -> bool:
    """Whether an entry is the comparison with 0 by which Keras 3 tells padding, which stands among the layers."""
    nodes = entry.get("inbound_nodes")
    if entry.get("class_name") != "NotEqual" or not isinstance(nodes, list) or len(nodes) != 1:
        return False
    args = nodes[0].get("args") if isinstance(nodes[0], Mapping) else None
    return isinstance(args, list) and len(args) == 2 and args[1] == 0


def _config(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    config = entry.get("config")
    return config if isinstance(config, Mapping) else {}


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None
