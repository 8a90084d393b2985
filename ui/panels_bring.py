"""Bring your own base model: from Keras, from word vectors, from a package, from the Hugging Face Hub."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from sentiment.access import Role
from sentiment.errors import SentimentError, UsageError
from sentiment.importing import check_base_name, remove_base
from sentiment.importing_apart import run_command
from sentiment.importing_vectors import remove_vectors
from sentiment.models import registry
from sentiment.models.word_vectors import list_vectors
from sentiment.training.allowed import takes_vectors
from ui import cache, people, text
from ui.guard import show_error
from ui.panels_keras import MOST_MEGABYTES, bring_keras
from ui.state import session

TABS = ("Keras file", "Word vectors", "Package", "Hugging Face Hub")
VECTORS_KEY = "set:vectors"  # of the widget that chooses the word vectors to start from


def bring_base(chosen_key: str) -> None:
    """Draws what makes a base model or word vectors of what somebody has, for those who may.

    Args:
        chosen_key: where the session keeps the name of the chosen base model; a new one is chosen then.
    """
    if not people.may(Role.OWNER):
        return
    with st.expander("Bring your own base model"):
        keras, vectors, package, hub = st.tabs(TABS)
        with keras:
            bring_keras(chosen_key)
        with vectors:
            _bring_vectors(chosen_key)
        with package:
            _bring_package(chosen_key)
        with hub:
            _bring_from_hub(chosen_key)
        _show_own(chosen_key)


def choose_vectors(base: str) -> None:
    """Draws the choice of the word vectors that a base starts from; nothing where it has its own."""
    if not takes_vectors(base):
        return
    stores = {store.name: store for store in list_vectors()}
    without = f"Those of {registry.WORDS_FROM}" if base == registry.WORD_VECTORS else "None: at random"
    st.selectbox(
        "Word vectors to start from", ("", *stores), key=VECTORS_KEY,
        format_func=lambda name: text.literal(name) if name else without,
        help="Words that your rows lack are known then as well. Bring some under “Bring your own base model”.",
    )  # fmt: skip


def _bring_vectors(chosen_key: str) -> None:
    st.markdown(
        "GloVe text, word2vec text or binary, fastText .vec, also packed as .gz or .zip; or an array (.npy) with its "
        "words. A network from scratch starts from them then, and learns from fewer labels."
    )
    with st.form("bring-vectors", border=False):
        left, right = st.columns(2)
        file = left.file_uploader(
            "Word vectors", key="vectors:file", max_upload_size=MOST_MEGABYTES,
            help=f"Up to {MOST_MEGABYTES} MB here; larger files with `python -m sentiment import-vectors`.",
        )  # fmt: skip
        words = right.file_uploader(
            "Of an array: its words, one in each line", type=["txt"], key="vectors:words",
            max_upload_size=MOST_MEGABYTES,
        )  # fmt: skip
        name = left.text_input("Name of the word vectors", placeholder="glove", max_chars=60, key="vectors:name")
        language = right.text_input("Language, as a code", placeholder="en", max_chars=3, key="vectors:language")
        pressed = st.form_submit_button("Add these word vectors", icon=":material/add:")
    if not pressed:
        return
    name, arguments = name.strip(), ["import-vectors", "--language", language.strip(), "--name", name.strip()]
    if _brought(arguments, file, words, missing="There are no word vectors yet"):
        session().set_widget(chosen_key, registry.SCRATCH)
        session().set_widget(VECTORS_KEY, name)
        scratch = registry.find_base(registry.SCRATCH).title
        _done(f"The word vectors {text.literal(name)} are there. “{scratch}” is chosen now, and starts from them.")


def _bring_package(chosen_key: str) -> None:
    st.markdown("What the Share page gave you, or a colleague's: a run's model becomes a base model of its own.")
    with st.form("bring-package", border=False):
        left, right = st.columns(2)
        file = left.file_uploader("Package (.zip)", type=["zip"], key="package:file", max_upload_size=MOST_MEGABYTES)
        name = right.text_input("Name of the base model", placeholder="our-shop", max_chars=60, key="package:name")
        pressed = st.form_submit_button("Add this base model", icon=":material/add:", key="package:add")
    if pressed and _brought(["import-base", "--name", name.strip()], file, missing="There is no package yet"):
        session().set_widget(chosen_key, name.strip())
        _done(f"The base model {text.literal(name.strip())} is there, and chosen.")


def _bring_from_hub(chosen_key: str) -> None:
    st.markdown(
        "One of our packages that somebody put on the Hub, by its name. Only its weights, words, settings and card are "
        "fetched, and nothing of it is executed. Other models, such as a BERT, cannot be read."
    )
    with st.form("bring-hub", border=False):
        left, right = st.columns(2)
        repository = left.text_input("Model on the Hub", placeholder="owner/name", max_chars=200, key="hub:repository")
        name = right.text_input("Name of the base model", placeholder="our-shop", max_chars=60, key="hub:name")
        pressed = st.form_submit_button("Fetch this base model", icon=":material/download:")
    if not pressed:
        return
    source = f"hf:{repository.strip().removeprefix('hf:')}"
    if _tried(lambda: _from_hub(source, name.strip())):
        session().set_widget(chosen_key, name.strip())
        _done(f"The base model {text.literal(name.strip())} is there, and chosen.")


def _from_hub(source: str, name: str) -> None:
    if source == "hf:":
        raise UsageError("There is no model on the Hub named yet", todo="Give it as owner/name")
    _check_named(name)
    check_base_name(name)
    with st.spinner("Fetching the model"):
        run_command(["import-base", "--name", name, "--", source])


def _check_named(name: str) -> None:
    if not name:
        raise UsageError("There is no name yet", todo="Give it one, such as our-shop")


def _brought(
    arguments: list[str], file: UploadedFile | None, words: UploadedFile | None = None, *, missing: str
) -> bool:
    """Whether a command brought what was uploaded; what is in the way is shown."""

    def bring() -> None:
        if file is None:
            raise UsageError(missing, todo="Add its file")
        _check_named(arguments[arguments.index("--name") + 1])
        with tempfile.TemporaryDirectory(prefix="sentiment-bring-") as folder, st.spinner("Reading the file"):
            places = []
            for number, one in enumerate((file, words)):
                if one is not None:
                    places.append(Path(folder) / f"{number or 'file'}{Path(one.name).suffix[:8]}")
                    places[-1].write_bytes(one.getbuffer())
            listed = ["--words", str(places[1])] if words is not None else []
            run_command([*arguments, *listed, "--", str(places[0])])

    return _tried(bring)


def _show_own(chosen_key: str) -> None:
    """What was brought so far, each with what removes it."""
    bases = [base for base in registry.list_bases() if base.own]
    vectors = list_vectors()
    if bases or vectors:
        st.markdown("**Brought so far**")
    for base in bases:
        facts = f"{text.literal(base.name)}: {text.literal(base.architecture)}, {text.size(base.size_bytes)}"
        _own_line(facts, "base", base.name, chosen_key)
    for one in vectors:
        language = f", {cache.language_name(one.language)}" if one.language else ""
        facts = (
            f"{text.literal(one.name)}: {text.number(one.n_words)} word vectors of {one.n_numbers} numbers"
            f"{text.literal(language)}, {text.size(one.size_bytes)}"
        )
        _own_line(facts, "vectors", one.name, chosen_key)


def _own_line(facts: str, kind: str, name: str, chosen_key: str) -> None:
    line, button = st.columns([5, 1], vertical_alignment="center")
    line.markdown(facts)
    with button.popover("Remove", icon=":material/delete:"):
        st.markdown(
            "Finished runs keep their own weights. While a run that began with it is unfinished, it cannot be removed."
        )
        if st.button("Remove it for good", key=f"remove-{kind}:{name}"):
            remove = remove_base if kind == "base" else remove_vectors
            if _tried(lambda: remove(name)):
                if session().widget(chosen_key) == name:
                    session().set_widget(chosen_key, None)
                _done(f"{text.literal(name)} is removed.")


def _tried(act: Callable[[], None]) -> bool:
    """Whether it worked; what is in the way is shown."""
    try:
        act()
    except SentimentError as error:
        show_error(error)
        return False
    return True


def _done(words: str) -> None:
    session().notice = words
    st.rerun()
