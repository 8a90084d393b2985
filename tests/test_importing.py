"""A base model that somebody brings is one like any other: listed, named, fine-tuned, explained, packed."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sentiment.access import Person, Role, acting_as
from sentiment.cli import main
from sentiment.data import import_file
from sentiment.errors import AccessError, ModelError, WorkspaceError
from sentiment.explaining import explain_text
from sentiment.importing import import_keras, put_folder, remove_base
from sentiment.models.keras_import.importing import KerasOptions
from sentiment.models.predictor import load_predictor
from sentiment.models.registry import find_base, list_bases, own_bases_folder, recommend_base
from sentiment.packaging import export_onnx, pack_run
from sentiment.training.config import FinetuneConfig
from sentiment.training.finetune import finetune
from sentiment.training.runs import create_run, describe_run, new_id
from tests.models import keras_made
from tests.models.keras_made import L

VOCABULARY = ["good", "bad", "fine", "poor", "film", "book", "the", "a", "very", "not", "and", "so"]
OPTIONS = KerasOptions(labels=("negative", "positive"), padding="post")


@pytest.fixture
def files(tmp_path):
    """A model, knowing nothing yet, and its tokenizer."""
    model = keras_made.sequential(
        L.Embedding(len(VOCABULARY) + 1, 12),
        L.Conv1D(24, 2, activation="relu"),
        L.GlobalMaxPooling1D(),
        keras_made.sigmoid(),
    )
    keras_made.draw_weights(model)
    path = keras_made.save(model, tmp_path / "model.keras")
    return path, keras_made.write_tokenizer(tmp_path / "words.json", VOCABULARY)


@pytest.fixture
def own(files):
    return import_keras(files[0], tokenizer=files[1], name="my-net", options=OPTIONS, language="it")


def make_run(folder, **settings):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(240):
        good = number % 2 == 0
        word = rng.choice(["good", "fine"] if good else ["bad", "poor"])
        others = rng.choice(["film", "book", "the", "a", "very", "so", f"x{number}"], 5)
        rows.append({"text": " ".join([*others[:3], word, *others[3:]]), "label": "up" if good else "down"})
    file = folder.parent / "texts.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    dataset = import_file(file, text="text", label="label")
    config = FinetuneConfig(base="my-net", test_fraction=0.25, **settings)
    run = create_run(folder, describe_run(dataset, config, run_id=new_id(), name="x", dataset_folder=None))
    return run, finetune(run, dataset)


def test_it_is_listed_and_found_by_its_name(own):
    base = find_base("my-net")
    assert base.own
    assert base.folder == own == own_bases_folder() / "my-net"
    assert base.classes == ("negative", "positive")
    assert base.architecture == "Keras: Embedding, Conv1D, GlobalMaxPooling1D, Dense"
    assert [one.name for one in list_bases() if one.own] == ["my-net"]
    assert recommend_base("it")[0] == "my-net"
    assert recommend_base("en")[0] == "en-cnn-reviews"
    assert load_predictor("my-net")(["good film", ""]).shape == (2, 2)


def test_one_that_is_damaged_hides_no_other(own):
    (own_bases_folder() / "broken").mkdir()
    (own_bases_folder() / "broken" / "config.json").write_text("{")
    assert [base.name for base in list_bases() if base.own] == ["my-net"]


@pytest.mark.parametrize(
    "name", ["my-net", "en-cnn-reviews", "scratch-cnn", "majority", "", "../up", "A b", ".hidden", "x" * 61]
)
def test_a_name_that_is_taken_or_none_is_refused(own, files, name):
    before = sorted(own_bases_folder().iterdir())
    with pytest.raises(ModelError, match=r"already|cannot be called"):
        import_keras(files[0], tokenizer=files[1], name=name, options=OPTIONS)
    assert sorted(own_bases_folder().iterdir()) == before


def test_of_two_who_bring_the_same_name_at_once_the_second_is_told_so(files):
    """Both have looked whether the name is free before either has written."""

    def write(folder):
        (folder / "mine").write_text("second")
        import_keras(files[0], tokenizer=files[1], name="mine", options=OPTIONS)

    with pytest.raises(WorkspaceError, match="There is one of the name mine already") as refused:
        put_folder(own_bases_folder() / "mine", write)
    assert refused.value.todo == "Choose another name"
    assert "Directory" not in str(refused.value)
    assert [folder.name for folder in own_bases_folder().iterdir()] == ["mine"]
    assert not (own_bases_folder() / "mine" / "mine").exists()


def test_what_a_killed_import_left_is_swept_and_what_a_living_one_writes_is_not(files, tmp_path):
    script = (
        "import sys, time\n"
        "from sentiment.importing import put_folder\n"
        "from sentiment.models.registry import own_bases_folder\n"
        "def write(folder):\n"
        "    (folder / 'half').write_text('x')\n"
        "    print(folder.name, flush=True)\n"
        "    time.sleep(120)\n"
        "put_folder(own_bases_folder() / sys.argv[1], write)\n"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, name], stdout=subprocess.PIPE, text=True)
        for name in ("killed", "living")
    ]
    killed, living = (process.stdout.readline().strip() for process in processes)
    left = own_bases_folder() / ".removing-old"
    (left / "some-net").mkdir(parents=True)
    (own_bases_folder() / ".adding-link").symlink_to(tmp_path)
    try:
        assert all((own_bases_folder() / name / "half").exists() for name in (killed, living))
        processes[0].kill()
        processes[0].wait(10)
        import_keras(files[0], tokenizer=files[1], name="mine", options=OPTIONS)
        names = {folder.name for folder in own_bases_folder().iterdir()}
        assert names == {"mine", living, ".adding-link"}
        assert files[0].exists()
        assert (own_bases_folder() / living / "half").exists()
        processes[1].kill()
        processes[1].wait(10)
        remove_base("mine")
        assert {folder.name for folder in own_bases_folder().iterdir()} == {".adding-link"}
    finally:
        for process in processes:
            process.kill()
            process.wait(10)
            process.stdout.close()


def test_a_file_that_is_refused_leaves_nothing_behind(files):
    with pytest.raises(ModelError):
        import_keras(files[0], tokenizer=None, name="mine", options=OPTIONS)
    assert not own_bases_folder().exists() or not list(own_bases_folder().iterdir())


@pytest.mark.parametrize("role", [Role.NOBODY, Role.VIEWER, Role.LABELER])
def test_only_an_owner_brings_one(files, role):
    with acting_as(Person(role)), pytest.raises(AccessError):
        import_keras(files[0], tokenizer=files[1], name="mine", options=OPTIONS)
    assert not own_bases_folder().exists()


def test_a_changed_config_is_refused_when_it_is_loaded(own):
    config = json.loads((own / "config.json").read_text())
    for change in (
        {"maxlen": 10**9},
        {"layers": []},
        {"calls": [[0, []], [7, [0]]]},
        {"padding": "both"},
        {"embed": 4},
    ):
        (own / "config.json").write_text(json.dumps({**config, "encoder": {**config["encoder"], **change}}))
        with pytest.raises(ModelError, match=r"does not describe a model|do not fit"):
            load_predictor("my-net")


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"strategy": "head"}, {"strategy": "full", "epochs": 25}], ids=["head", "full"])
def test_it_is_fine_tuned_and_explained_and_packed(own, tmp_path, settings):
    run, state = make_run(tmp_path / "run", **settings)
    assert state.status == "finished"
    table = run.predictions()
    assert (table["label"] == table["model:prediction"]).mean() > (0.9 if "epochs" in settings else 0.7)
    predict = load_predictor(tmp_path / "run")
    assert predict.model.max_length == keras_made.LENGTH
    pack_run(run, tmp_path / "model.zip")
    texts = ["a good film", "the book so poor", "nothing known"]
    np.testing.assert_allclose(load_predictor(tmp_path / "model.zip")(texts), predict(texts), atol=1e-6)
    with pytest.raises(ModelError, match="ONNX"):
        export_onnx(tmp_path / "run", tmp_path / "model.onnx")


@pytest.mark.slow
def test_an_explanation_finds_the_word(own, tmp_path):
    make_run(tmp_path / "run", strategy="full", epochs=25)
    found = explain_text(load_predictor(tmp_path / "run"), "The film: very GOOD and so", target="up")
    scores = {word.text: word.score for word in found.words}
    assert max(scores, key=scores.__getitem__) == "GOOD"


def test_training_cuts_it_to_the_words_in_use_and_keeps_the_padding(own):
    """The row of the padding is read wherever a text is short, so it must keep its place."""
    from sentiment.models.classifier import apply_fn
    from sentiment.models.tokenizer import encode
    from sentiment.training.start import Compact, load_start

    start = load_start("my-net", classes=("negative", "positive"), train_texts=[], seed=0)
    table = encode(start.tokenizer, ["so good", "not a book"], max_length=9)
    compact = Compact.over([table], start.params)
    apply = apply_fn(start.encoder, 2)
    rows = np.arange(2)
    whole = apply(start.params, table.padded(rows, 9))
    cut = apply(compact.cut(start.params), table.mapped(compact.new_ids).padded(rows, 4))
    np.testing.assert_allclose(cut, whole, atol=1e-6)


def test_the_command_makes_one_and_says_where(files, capsys):
    command = ["import-keras", str(files[0]), "--tokenizer", str(files[1]), "--labels", "negative,positive"]
    assert main([*command, "--name", "mine", "--padding", "post", "--truncating", "post", "--clean", "tags"]) == 0
    assert "--base mine" in capsys.readouterr().out
    tokenizer = json.loads((own_bases_folder() / "mine" / "tokenizer.json").read_text())
    assert (tokenizer["truncating"], tokenizer["clean"], tokenizer["maxlen"]) == ("post", ["tags"], 9)
    assert main([*command, "--name", "mine"]) == 2
    assert "already" in capsys.readouterr().err
    assert main(["import-keras", str(files[0]), "--labels", "a,b", "--name", "other"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "tokenizer is missing" in line
