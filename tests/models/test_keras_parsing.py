"""Whatever stands in a configuration, it is a graph that fits together, or an error in the user's words."""

import copy
import json
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import ModelError
from sentiment.models.keras_import.assembling import assemble, find_head
from sentiment.models.keras_import.graph_config import KerasConfig
from sentiment.models.keras_import.parsing import parse_model
from tests.models import keras_made

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 2**40),
    st.floats(allow_nan=True),
    st.sampled_from(
        ["", "same", "causal", "relu", "softmax", "Dense", "LSTM", "Embedding", "keras.layers", "embedding"]
    ),
    st.lists(st.integers(-2, 9), max_size=3),
    st.dictionaries(st.sampled_from(["class_name", "config", "name"]), st.text(max_size=3), max_size=3),
)


def places(value, path=()):
    """The paths of everything in a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*path, key))


def changed(value, path, new):
    """The JSON value with another one at that path."""
    whole = inner = copy.deepcopy(value)
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return whole


def config_of(tmp_path, name):
    path = keras_made.save(keras_made.make(name), tmp_path / "model.keras")
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


@pytest.mark.parametrize(
    "name", ["a mask through three layers", "conv causal, dilated, in groups", "both ways, GRU, sum, masked"]
)
def test_a_changed_configuration_is_understood_or_refused(tmp_path_factory, name):
    config = config_of(tmp_path_factory.mktemp("c"), name)
    where = [path for path in places(config) if path]

    @settings(max_examples=300)
    @given(st.sampled_from(where), VALUES)
    def check(path, value):
        try:
            graph = parse_model(changed(config, path, value), version=3)
            made = assemble(graph, find_head(graph, logits=True), maxlen=graph.length or 9, padding="pre").config
        except ModelError:
            return
        assert KerasConfig.from_dict(json.loads(json.dumps(made.to_dict()))) == made

    check()


@pytest.mark.parametrize("name", keras_made.MODELS)
def test_a_graph_comes_back_from_its_folder_as_it_was(tmp_path, name):
    graph = parse_model(config_of(tmp_path, name), version=3)
    made = assemble(graph, find_head(graph, logits=False), maxlen=keras_made.LENGTH, padding="pre").config
    again = KerasConfig.from_dict(json.loads(json.dumps(made.to_dict())))
    assert again == made
    assert again.hidden == made.hidden > 0
