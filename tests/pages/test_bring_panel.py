"""Bringing word vectors, packages and models of the Hub on the Fine-tune page."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.models.package import MEMBERS, package_bytes
from sentiment.models.registry import SHIPPED, own_bases_folder
from sentiment.models.word_vectors import find_vectors, list_vectors
from tests.pages.conftest import button, open_page, words

Add = Callable[..., DatasetInfo]
GLOVE = "".join(f"{word} {number} 0.5 -1\n" for number, word in enumerate(["good", "bad", "film"])).encode()


@pytest.fixture
def form(app: AppTest, add: Add) -> AppTest:
    add({"negative": 40, "positive": 60})
    return open_page(app, "finetune")


@pytest.mark.slow
def test_word_vectors_that_were_brought_can_be_chosen_and_removed(form: AppTest) -> None:
    app = button(form, "Add these word vectors").click().run()
    assert "There are no word vectors yet" in app.error[0].value
    app.file_uploader(key="vectors:file").upload("glove.txt", GLOVE[:-3])
    app.text_input(key="vectors:name").set_value("mine")
    app = button(app, "Add these word vectors").click().run(timeout=60)
    assert "has 2 numbers, and not 3" in app.error[0].value
    app.file_uploader(key="vectors:file").upload("glove.txt", GLOVE)
    app.text_input(key="vectors:name").set_value("mine")
    app = button(app, "Add these word vectors").click().run(timeout=60)
    assert not app.exception
    assert not app.error
    assert find_vectors("mine").n_words == 3
    assert app.button(key="choose:scratch-cnn").label == "Chosen"
    assert "3 word vectors of 3 numbers" in words(app)
    assert app.selectbox(key="set:vectors").value == "mine"
    app = app.button(key="remove-vectors:mine").click().run()
    assert not app.exception
    assert list_vectors() == []


@pytest.mark.slow
def test_a_package_becomes_a_base_model_that_is_chosen(form: AppTest, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SENTIMENT_CACHE", str(tmp_path / "cache"))
    folder = SHIPPED / "en-cnn-news"
    content = package_bytes({file.name: file.read_bytes() for file in folder.iterdir() if file.name in MEMBERS})
    form.file_uploader(key="package:file").upload("shop.zip", content)
    form.text_input(key="package:name").set_value("shop")
    app = form.button(key="package:add").click().run(timeout=90)
    assert not app.exception
    assert not app.error
    assert (own_bases_folder() / "shop" / "config.json").exists()
    assert app.button(key="choose:shop").label == "Chosen"
    app = app.button(key="remove-base:shop").click().run()
    assert not app.exception
    assert not (own_bases_folder() / "shop").exists()


@pytest.mark.slow
def test_what_the_hub_does_not_have_is_said(form: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    form.text_input(key="hub:repository").set_value("shop/ours")
    form.text_input(key="hub:name").set_value("ours")
    app = button(form, "Fetch this base model").click().run(timeout=60)
    assert "ours cannot be fetched" in app.error[0].value
    assert "Expected: A connection to the Hugging Face Hub" in app.error[0].value


def test_in_a_demo_nobody_is_offered_it(app: AppTest, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add({"negative": 40, "positive": 60})
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    open_page(app, "finetune")
    assert not app.exception
    assert not any("Add " in found.label or "Fetch" in found.label for found in app.button)
