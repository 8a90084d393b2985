"""Bringing a base model from Keras on the Fine-tune page."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment import importing
from sentiment.data import DatasetInfo
from sentiment.models.registry import find_base, own_bases_folder
from tests.models import keras_made
from tests.pages.conftest import button, open_page, words

Add = Callable[..., DatasetInfo]


@pytest.fixture
def form(app: AppTest, add: Add) -> AppTest:
    add({"negative": 40, "positive": 60})
    return open_page(app, "finetune")


def fill(
    app: AppTest, tmp_path: Path, *, tokenizer: bool = True, labels: str = "negative, positive", language: str = ""
) -> AppTest:
    model = keras_made.save(keras_made.make("conv valid"), tmp_path / "model.keras")
    app.file_uploader(key="keras:model").upload("model.keras", model.read_bytes())
    if tokenizer:
        path = keras_made.write_tokenizer(tmp_path / "words.json")
        app.file_uploader(key="keras:tokenizer").upload("words.json", path.read_bytes())
    app.text_input(key="keras:labels").set_value(labels)
    app.text_input(key="keras:name").set_value("my-net")
    app.text_input(key="keras:language").set_value(language)
    app.multiselect(key="keras:clean").set_value(["tags"])
    app.segmented_control(key="keras:padding").set_value("post")
    return button(app, "Add this base model").click().run()


def test_a_model_that_was_brought_is_chosen(form: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "import_model", None)  # in the server's process nobody reads it
    app = fill(form, tmp_path, language="de")
    assert not app.exception
    base = find_base("my-net")
    assert (base.languages, base.classes) == (("de",), ("negative", "positive"))
    assert base.folder is not None
    tokenizer = json.loads((base.folder / "tokenizer.json").read_text())
    assert (tokenizer["truncating"], tokenizer["clean"]) == ("pre", ["tags"])
    assert json.loads((base.folder / "config.json").read_text())["encoder"]["padding"] == "post"
    assert not app.error
    assert (own_bases_folder() / "my-net" / "config.json").exists()
    assert app.button(key="choose:my-net").label == "Chosen"
    assert "Embedding, Conv1D, GlobalMaxPooling1D, Dense" in words(app)


def test_what_is_missing_is_asked_for(form: AppTest, tmp_path: Path) -> None:
    app = button(form, "Add this base model").click().run()
    assert "There is no model yet" in app.error[0].value
    app = fill(app, tmp_path, tokenizer=False)
    assert "tokenizer is missing" in app.error[0].value
    app = fill(app, tmp_path, labels="good")
    assert "tells 2 classes apart" in app.error[0].value
    app = fill(app, tmp_path, labels=" , ")
    assert "The labels are" in app.error[0].value
    app = fill(app, tmp_path, language="D!")
    assert "The language is" in app.error[0].value
    assert not own_bases_folder().exists()


def test_in_a_demo_nobody_is_offered_it(app: AppTest, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add({"negative": 40, "positive": 60})
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    open_page(app, "finetune")
    assert not app.exception
    assert not any(found.label == "Add this base model" for found in app.button)
