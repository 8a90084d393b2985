"""Imported models say what Keras says, to 1e-5: every layer, several wirings, both formats, and Keras 2's own."""

import json

import h5py
import jax
import numpy as np
import pytest

from sentiment.models.classifier import apply_fn, unflatten
from sentiment.models.keras_import.importing import KerasOptions, import_model
from tests.models import keras_made
from tests.models.keras_made import CLASSES, LENGTH, MODELS, WORDS

CLOSE = 1e-5
QUICK = ("conv valid", "LSTM, masked", "branches", "input of int32")


def labels_for(model):
    return CLASSES if model.output_shape[-1] == 3 else CLASSES[:2]


def says(imported, ids):
    apply = apply_fn(imported.encoder, len(imported.classes))
    return np.asarray(
        jax.jit(lambda params, given: jax.nn.softmax(apply(params, given)))(unflatten(imported.weights), ids)
    )


def import_saved(model, path, **options):
    tokenizer = keras_made.write_tokenizer(path.parent / "tokenizer.json")
    return import_model(keras_made.save(model, path), tokenizer, KerasOptions(labels=labels_for(model), **options))


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODELS]
)
def test_an_imported_model_says_what_keras_says(tmp_path, name):
    model, ids = keras_made.make(name), keras_made.draw_ids(24)
    padding = "pre" if sum(map(ord, name)) % 2 else "post"
    new = import_saved(model, tmp_path / "model.keras", padding=padding)
    old = import_saved(model, tmp_path / "model.h5", padding=padding)
    assert new.encoder == old.encoder
    assert new.weights.keys() == old.weights.keys()
    for path, value in new.weights.items():
        np.testing.assert_array_equal(value, old.weights[path])
    expected = keras_made.probabilities(model, keras_made.pad_before(ids) if padding == "pre" else ids)
    np.testing.assert_allclose(says(new, ids), expected, atol=CLOSE)


def test_more_padding_on_the_right_changes_nothing(tmp_path):
    """Ids come in batches of any length; the network lays them out by itself."""
    imported = import_saved(keras_made.make("LSTM"), tmp_path / "model.keras", padding="pre")
    ids = keras_made.draw_ids(8)
    ids[:, 6:] = 0
    shorter, longer = ids[:, :6], np.pad(ids, ((0, 0), (0, 7)))
    np.testing.assert_allclose(says(imported, shorter), says(imported, ids), atol=1e-7)
    np.testing.assert_allclose(says(imported, longer), says(imported, ids), atol=1e-7)


def test_the_padding_that_keras_did_not_mask_is_read(tmp_path):
    """The side of the padding matters to the result: it may not be guessed, nor left out."""
    model, ids = keras_made.make("LSTM"), keras_made.draw_ids(8)
    pre, post = (import_saved(model, tmp_path / "model.keras", padding=side) for side in ("pre", "post"))
    assert np.abs(says(pre, ids) - says(post, ids)).max() > 1e-3


def layer_2(class_name, name, **config):
    return {"class_name": class_name, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}


def write_keras_2(path, config, weights):
    """A .h5 file as Keras 2 wrote it; weights by layer, by name."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.3.1", "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [name.encode() for name in weights]
        for layer, arrays in weights.items():
            group = root.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}/{name}:0".encode() for name in arrays]
            for name, array in arrays.items():
                group.create_dataset(f"{layer}/{name}:0", data=array)
    return path


def arrays_of(layer):
    return {weight.name: np.asarray(weight) for weight in layer.weights}


def test_a_sequential_model_of_keras_2_says_what_keras_says(tmp_path):
    """Its configuration has options that Keras 3 refuses, and its hard sigmoid is another function."""
    model, ids = keras_made.make("LSTM"), keras_made.draw_ids(24)
    recurrent = {
        "units": 4, "activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True, "time_major": False,
        "return_sequences": False, "return_state": False, "go_backwards": False, "stateful": False, "unroll": False,
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}, "implementation": 2,
    }  # fmt: skip
    words = {"input_dim": WORDS, "output_dim": 5, "mask_zero": False, "input_length": LENGTH}
    layers = [
        layer_2("Embedding", "words", batch_input_shape=[None, LENGTH], **words),
        layer_2("LSTM", "lstm", **recurrent),
        layer_2("Dense", "out", units=1, activation="sigmoid", use_bias=True),
    ]
    named = zip(("words", "lstm", "out"), [layer for layer in model.layers if layer.weights], strict=True)
    weights = {name: arrays_of(layer) for name, layer in named}
    config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
    tokenizer = keras_made.write_tokenizer(tmp_path / "tokenizer.json")
    options = KerasOptions(labels=CLASSES[:2], padding="post")
    imported = import_model(write_keras_2(tmp_path / "m.h5", config, weights), tokenizer, options)
    np.testing.assert_allclose(says(imported, ids), keras_made.probabilities(model, ids), atol=CLOSE)
    recurrent["recurrent_activation"] = "hard_sigmoid"
    layers[1] = layer_2("LSTM", "lstm", **recurrent)
    other = import_model(write_keras_2(tmp_path / "m.h5", config, weights), tokenizer, options)
    assert dict(other.encoder.layers[1].options)["recurrent_activation"] == "hard_sigmoid_2"


def test_a_functional_model_of_keras_2_says_what_keras_says(tmp_path):
    model, ids = keras_made.make("two embeddings, one masked"), keras_made.draw_ids(24)
    found = {layer.__class__.__name__ + str(layer.output.shape[-1]): layer for layer in model.layers if layer.weights}

    def wired(entry, *sources):
        return {**entry, "name": entry["config"]["name"], "inbound_nodes": [[[one, 0, 0, {}] for one in sources]]}

    gates = {"activation": "tanh", "recurrent_activation": "sigmoid", "time_major": False}
    given = layer_2("InputLayer", "given", batch_input_shape=[None, LENGTH], sparse=False, ragged=False)
    layers = [
        {**given, "name": "given", "inbound_nodes": []},
        wired(layer_2("Embedding", "a", input_dim=WORDS, output_dim=5, mask_zero=True), "given"),
        wired(layer_2("Embedding", "b", input_dim=WORDS, output_dim=3), "given"),
        wired(layer_2("LSTM", "lstm", units=4, **gates), "a"),
        wired(layer_2("GlobalAveragePooling1D", "mean", data_format="channels_last"), "b"),
        wired(layer_2("Concatenate", "both", axis=-1), "lstm", "mean"),
        wired(layer_2("Dense", "out", units=1, activation="sigmoid"), "both"),
    ]
    keys = (("a", "Embedding5"), ("b", "Embedding3"), ("lstm", "LSTM4"), ("out", "Dense1"))
    weights = {name: arrays_of(found[key]) for name, key in keys}
    ends = {"input_layers": [["given", 0, 0]], "output_layers": [["out", 0, 0]]}
    config = {"class_name": "Functional", "config": {"name": "model", "layers": layers, **ends}}
    tokenizer = keras_made.write_tokenizer(tmp_path / "tokenizer.json")
    options = KerasOptions(labels=CLASSES[:2], padding="post")
    imported = import_model(write_keras_2(tmp_path / "m.h5", config, weights), tokenizer, options)
    np.testing.assert_allclose(says(imported, ids), keras_made.probabilities(model, ids), atol=CLOSE)
