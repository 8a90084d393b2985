"""What is refused of a Keras file: nothing of it is executed, and the reason is said."""

import json
import pickle
import struct
import time
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from sentiment.errors import ModelError
from sentiment.models.keras_import.importing import KerasOptions, import_model
from tests.models import keras_made
from tests.models.keras_made import L

SECOND = 1.0
SLACK = 4.0  # a busy machine starts the process that reads weights late


@pytest.fixture
def tokenizer(tmp_path):
    return keras_made.write_tokenizer(tmp_path / "tokenizer.json")


@pytest.fixture
def good(tmp_path):
    """A .keras and a .h5 file that can be imported."""
    model = keras_made.make("conv valid")
    keras_made.save(model, tmp_path / "good.keras")
    keras_made.save(model, tmp_path / "good.h5")
    return tmp_path


def refused(file, tokenizer, *, within=SLACK, **options):
    """The words by which a file is refused, in time."""
    options = KerasOptions(**{"labels": ("bad", "good"), **options})
    start = time.perf_counter()
    with pytest.raises(ModelError) as told:
        import_model(file, tokenizer, options)
    assert time.perf_counter() - start < within
    return f"{told.value} {told.value.expected} {told.value.todo}"


def rewritten(good, change, *, members=None):
    """good.keras with another configuration, or with other members."""
    target = good / "bad.keras"
    with zipfile.ZipFile(good / "good.keras") as source, zipfile.ZipFile(target, "w") as archive:
        config = json.loads(source.read("config.json"))
        change(config)
        content = {name: source.read(name) for name in source.namelist()}
        content["config.json"] = json.dumps(config).encode()
        for name, value in {**content, **(members or {})}.items():
            archive.writestr(name, value)
    return target


def layer(config, class_name):
    return next(one for one in config["config"]["layers"] if one["class_name"] == class_name)


def trap(path: Path) -> str:
    """Code that leaves a file behind."""
    return f"__import__('pathlib').Path({str(path)!r}).write_text('ran')"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: layer(c, "Conv1D").update(class_name="Lambda"), "Lambda"),
        (lambda c: layer(c, "Conv1D").update(module="os.path", class_name="Join"), "os.path.Join"),
        (lambda c: layer(c, "Conv1D").update(registered_name="mine>Conv1D"), "its own class or function 'Conv1D'"),
        (lambda c: layer(c, "Conv1D").update(class_name="Attention"), "class 'Attention'"),
        (lambda c: layer(c, "Conv1D")["config"].update(activation="my_function"), "activation 'my_function'"),
        (
            lambda c: layer(c, "Conv1D")["config"].update(
                kernel_initializer={"module": "evil", "class_name": "Boom", "config": {}, "registered_name": None}
            ),
            "evil.Boom",
        ),
        (lambda c: layer(c, "Conv1D")["config"].update(dtype="string"), "computes in string"),
        (lambda c: layer(c, "Conv1D")["config"].update(dtype="int32"), "computes in int32"),
        (lambda c: layer(c, "InputLayer")["config"].update(dtype="string"), "computes in string"),
        (lambda c: layer(c, "Conv1D")["config"].update(filters=10**9), "filters is '1000000000'"),
        (lambda c: layer(c, "Conv1D")["config"].update(strides=[2, 2]), "strides"),
        (lambda c: layer(c, "Conv1D")["config"].update(unheard_of=3), "unheard_of"),
        (lambda c: layer(c, "Conv1D")["config"].update(data_format="channels_first"), "data_format"),
        (lambda c: layer(c, "Embedding")["config"].update(input_dim=10**9), "words"),
        (lambda c: c.update(class_name="MyModel"), "class 'MyModel'"),
        (lambda c: c["config"].update(layers=[]), "no layers"),
    ],
)
def test_a_configuration_with_anything_else_is_refused_by_its_name(good, tokenizer, change, said):
    """Case 47."""
    assert said in refused(rewritten(good, change), tokenizer, within=SECOND)


def test_a_lambda_that_keras_saved_is_refused_and_not_run(tmp_path, tokenizer):
    """Case 47, with Keras's own way of writing code into a file, in both formats."""
    model = keras_made.sequential(
        keras_made.embedding(), L.GlobalMaxPooling1D(), L.Lambda(lambda x: x * 2), keras_made.sigmoid()
    )
    for name in ("model.keras", "model.h5"):
        keras_made.save(model, tmp_path / name)
        assert "Lambda" in refused(tmp_path / name, tokenizer)


def test_code_in_a_lambda_is_never_run(good, tokenizer, tmp_path):
    code = {"class_name": "__lambda__", "config": {"code": trap(tmp_path / "ran"), "defaults": None, "closure": None}}

    def change(config):
        layer(config, "Conv1D").update(class_name="Lambda", config={"name": "x", "function": code})

    refused(rewritten(good, change), tokenizer, within=SECOND)
    assert not (tmp_path / "ran").exists()


class Boom:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_a_pickle_with_another_name_is_refused_and_not_run(tmp_path, tokenizer, name):
    """Case 48."""
    (tmp_path / name).write_bytes(pickle.dumps(Boom(tmp_path / "ran")))
    assert "not a file of Keras's" in refused(tmp_path / name, tokenizer, within=SECOND)
    assert not (tmp_path / "ran").exists()


def _soft(file):
    file["model_weights/soft"] = h5py.SoftLink("/model_weights")


def _external(file):
    file["model_weights/elsewhere"] = h5py.ExternalLink("/etc/hostname", "/")


def _outside(file):
    file.create_dataset("optimizer", shape=(4,), dtype="f4", external=[("/etc/hostname", 0, 16)])


def _virtual(file):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(4,))
    file.create_virtual_dataset("virtual", layout)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_soft, "link to somewhere else"),
        (_external, "link to somewhere else"),
        (_outside, "in another file"),
        (_virtual, "in another file"),
    ],
)
def test_links_are_refused(good, tokenizer, change, said):
    """Case 49."""
    with h5py.File(good / "good.h5", "r+") as file:
        change(file)
    assert said in refused(good / "good.h5", tokenizer)


def weights_group(file):
    """The arrays of the last layer in a .h5 file."""
    group = file["model_weights"]
    name = str(group.attrs["layer_names"][-1])
    path = str(group[name].attrs["weight_names"][0])
    return group[name], path


def replace(file, array=None, **options):
    group, path = weights_group(file)
    del group[path]
    group.create_dataset(path, data=array, **options)


def test_a_shape_that_nothing_is_stored_of_is_refused(good, tokenizer):
    """Case 50: four terabytes, and one that the budget has room for."""
    with h5py.File(good / "good.h5", "r+") as file:
        replace(file, shape=(10**12,), dtype="f4", chunks=(1024,))
    assert "announces the shape (1000000000000,)" in refused(good / "good.h5", tokenizer)
    with h5py.File(good / "good.h5", "r+") as file:
        replace(file, shape=(10**8,), dtype="f4", chunks=(1024,))
    assert "announces the shape" in refused(good / "good.h5", tokenizer)


def test_zeros_that_are_packed_into_nothing_are_refused(good, tokenizer):
    """Case 50, as a .keras file."""
    target = good / "bomb.keras"
    with zipfile.ZipFile(good / "good.keras") as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("metadata.json", "config.json"):
            archive.writestr(name, source.read(name))
        archive.writestr("model.weights.h5", bytes(64 * 2**20))
    assert "67\u202f108\u202f864 bytes" in refused(target, tokenizer, within=SECOND)


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/../../escaped", "assets/x"])
def test_members_with_other_names_are_refused_and_never_written(good, tokenizer, name):
    """Case 51."""
    file = rewritten(good, lambda config: None, members={name: b"x"})
    refused(file, tokenizer, within=SECOND)
    assert not list(good.parent.glob("escaped*"))


def test_a_second_list_of_members_is_refused_before_it_is_read(good, tokenizer):
    content = (good / "good.keras").read_bytes()
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    (good / "bad.keras").write_bytes(content[:-22] + locator + content[-22:])
    assert "second list of files" in refused(good / "bad.keras", tokenizer, within=SECOND)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_that_are_packed_in_another_way_than_keras_does_are_refused(good, tokenizer, packing):
    target = good / "bad.keras"
    with zipfile.ZipFile(good / "good.keras") as source, zipfile.ZipFile(target, "w", packing) as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    assert "unusual way" in refused(target, tokenizer, within=SECOND)


def test_a_configuration_given_twice_is_refused(good, tokenizer):
    with zipfile.ZipFile(good / "good.keras", "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("config.json", "{}")
    assert "each once" in refused(good / "good.keras", tokenizer, within=SECOND)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.full((6, 1), np.nan, np.float32), "not finite, in head/kernel"),
        (np.ones((7, 1), np.float32), "kernel: expected (6, 1), found (7, 1)"),
        (np.ones((6, 1), np.int64), "holds int64"),
    ],
)
def test_weights_that_do_not_fit_are_listed(good, tokenizer, array, said):
    """Case 52."""
    with h5py.File(good / "good.h5", "r+") as file:
        replace(file, array)
    assert said in refused(good / "good.h5", tokenizer)


def test_missing_weights_are_listed(good, tokenizer):
    with h5py.File(good / "good.h5", "r+") as file:
        names = [str(name) for name in file["model_weights"].attrs["layer_names"]]
        file["model_weights"].attrs["layer_names"] = [name for name in names if "dense" not in name]
    told = refused(good / "good.h5", tokenizer)
    assert "kernel: expected (6, 1), found nothing" in told
    assert "bias: expected (1,), found nothing" in told


def test_a_model_without_its_tokenizer_is_told_what_is_needed_and_why(good):
    """Case 53."""
    told = refused(good / "good.h5", None)
    assert "tokenizer.to_json()" in told
    assert "other words the same numbers" in told


def test_a_tokenizer_of_another_model_is_refused(good):
    other = keras_made.write_tokenizer(good / "other.json", [f"w{n}" for n in range(100)])
    assert "numbers words up to 100, and the model has 20 rows" in refused(good / "good.h5", other)
    for content in ("", "{}", "[1]", '{"class_name": "Tokenizer"}', '"x"', "[" * 5_000):
        other.write_text(content)
        assert "no tokenizer of Keras's" in refused(good / "good.h5", other)


@pytest.mark.parametrize("labels", [("good",), ("a", "b", "c"), ("a", "a"), ("a", " ")])
def test_labels_that_are_not_those_of_the_outputs_are_asked_for(good, tokenizer, labels):
    told = refused(good / "good.keras", tokenizer, labels=labels, within=SECOND)
    assert "labels" in told


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ([L.Dense(1)], "no activation"),
        ([L.Dense(2)], "no activation"),
        ([L.Dense(2, activation="sigmoid")], "2 units with sigmoid"),
        ([L.Dense(1, activation="softmax")], "1 units with softmax"),
        ([L.Dense(1, activation="tanh")], "1 units with tanh"),
        ([L.Dense(2, activation="sigmoid"), L.Activation("softmax")], "softmax upon sigmoid"),
        ([L.Dense(3), L.LayerNormalization()], "ends in LayerNormalization"),
    ],
)
def test_an_end_that_says_nothing_of_classes_is_refused(tmp_path, tokenizer, end, said):
    model = keras_made.sequential(keras_made.embedding(), L.GlobalMaxPooling1D(), *end)
    keras_made.save(model, tmp_path / "model.keras")
    assert said in refused(tmp_path / "model.keras", tokenizer, within=SECOND)


def test_logits_are_read_as_such_once_somebody_says_so(tmp_path, tokenizer):
    model = keras_made.sequential(keras_made.embedding(), L.GlobalMaxPooling1D(), L.Dense(2))
    keras_made.save(model, tmp_path / "model.keras")
    assert import_model(tmp_path / "model.keras", tokenizer, KerasOptions(labels=("a", "b"), logits=True))


def test_a_length_that_the_file_leaves_open_is_asked_for(tmp_path, tokenizer):
    given = keras_made.keras.Input((None,))
    model = keras_made.keras.Model(given, keras_made.sigmoid()(L.LSTM(3)(keras_made.embedding()(given))))
    keras_made.save(model, tmp_path / "model.keras")
    assert "maxlen" in refused(tmp_path / "model.keras", tokenizer, within=SECOND)
    options = KerasOptions(labels=("a", "b"), maxlen=7)
    assert import_model(tmp_path / "model.keras", tokenizer, options).encoder.maxlen == 7


def test_another_length_than_the_files_is_refused(good, tokenizer):
    assert "reads 9 words" in refused(good / "good.keras", tokenizer, maxlen=8, within=SECOND)


def test_a_file_that_says_more_than_any_model_needs_is_refused(good, tokenizer):
    """What it says of itself would be in the server's memory several times."""
    with h5py.File(good / "bad.h5", "w", libver="latest") as file:
        file.attrs["keras_version"] = "2" * (40 * 2**20)
        file.attrs["model_config"] = "{}"
    assert "bounds of time and memory" in refused(good / "bad.h5", tokenizer)


def test_weights_alone_are_no_model(tmp_path, tokenizer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras_made.make("conv valid").save_weights(tmp_path / "model.weights.h5")
    assert "not by save_weights" in refused(tmp_path / "model.weights.h5", tokenizer)


@pytest.mark.parametrize("keep", [9, 1_000, 20_000])
@pytest.mark.parametrize("name", ["good.h5", "good.keras"])
def test_a_file_that_was_cut_off_is_told(good, tokenizer, name, keep):
    (good / "cut").write_bytes((good / name).read_bytes()[:keep])
    assert refused(good / "cut", tokenizer)


def test_a_file_that_is_not_there_is_told(tmp_path, tokenizer):
    assert "cannot be read" in refused(tmp_path / "nothing.h5", tokenizer)
