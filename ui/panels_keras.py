"""A base model from Keras: a file, its tokenizer, and what neither of them says."""

import tempfile
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from sentiment.errors import SentimentError, UsageError
from sentiment.importing import check_base_name
from sentiment.importing_apart import run_command
from sentiment.models.keras_tokenizer import SIDES, STEPS
from ui import text
from ui.guard import show_error
from ui.state import session

MOST_MEGABYTES = 400
SIDE_TITLES = {"pre": "At the start", "post": "At the end"}
STEP_TITLES = {
    "tags": "HTML tags taken out",
    "letters": "All but the letters a to z made spaces",
    "stop-words": "English stop words taken out",
}


def bring_keras(chosen_key: str) -> None:
    """Draws the form that makes a base model of a Keras file; the new one is chosen then.

    Args:
        chosen_key: where the session keeps the name of the chosen base model.
    """
    st.markdown(
        "A network that Keras 2 or 3 saved, with an Embedding, convolutions or recurrences, and Dense layers. "
        "The file is read and never executed, and Keras is not needed."
    )
    with st.form("bring-keras", border=False):
        files = _ask_for_files()
        name, said = _ask_for_names()
        options = [*said, *_ask_for_the_rest()]
        pressed = st.form_submit_button("Add this base model", icon=":material/add:")
    if pressed:
        _add(files, name=name.strip(), options=options, chosen_key=chosen_key)


def _ask_for_files() -> tuple[UploadedFile | None, UploadedFile | None]:
    left, right = st.columns(2)
    model = left.file_uploader(
        "Model: .h5 or .keras", type=["h5", "hdf5", "keras"], key="keras:model", max_upload_size=MOST_MEGABYTES
    )
    tokenizer = right.file_uploader(
        "Its tokenizer: what tokenizer.to_json() returned", type=["json"], key="keras:tokenizer",
        max_upload_size=MOST_MEGABYTES,
        help="The model reads numbers, and only its own tokenizer knows which word each of them is.",
    )  # fmt: skip
    return model, tokenizer


def _ask_for_names() -> tuple[str, list[str]]:
    """The name of the base model, and what the command is told of its classes and its language."""
    left, middle, right = st.columns([2, 2, 1])
    labels = left.text_input(
        "Classes, in the order of its outputs", placeholder="negative, positive", key="keras:labels",
        help="Of a model with one sigmoid output: the class that 0 means, then the one that 1 means.",
    )  # fmt: skip
    name = middle.text_input("Name of the base model", placeholder="my-lstm", max_chars=60, key="keras:name")
    language = right.text_input("Language, as a code", placeholder="en", max_chars=3, key="keras:language")
    named = ",".join(label.strip() for label in labels.split(",") if label.strip())
    return name, ["--labels", named, "--language", language.strip()]


def _ask_for_the_rest() -> list[str]:
    """What the command is told of all else that the files do not say."""
    first, second, third = st.columns(3)
    padding = first.segmented_control(
        "Short texts were padded", SIDES, default="pre", required=True, format_func=SIDE_TITLES.__getitem__,
        key="keras:padding", help="As in pad_sequences, which pads at the start unless it is told otherwise.",
    )  # fmt: skip
    truncating = second.segmented_control(
        "Long texts were cut", SIDES, default="pre", required=True, format_func=SIDE_TITLES.__getitem__,
        key="keras:truncating", help="As in pad_sequences, which cuts at the start unless it is told otherwise.",
    )  # fmt: skip
    maxlen = third.number_input(
        "Words of a text (maxlen)", 1, 4096, value=None, placeholder="As the file says", key="keras:maxlen"
    )
    clean = st.multiselect(
        "What was done to texts before the tokenizer",
        STEPS,
        placeholder="Nothing",
        format_func=STEP_TITLES.__getitem__,
        key="keras:clean",
    )
    logits = st.toggle(
        "The last layer has no activation, and gives logits", key="keras:logits",
        help="A model that was trained with from_logits=True.",
    )  # fmt: skip
    steps = ",".join(step for step in STEPS if step in clean)
    told = ["--padding", str(padding), "--truncating", str(truncating), "--clean", steps]
    return [*told, *([] if maxlen is None else ["--maxlen", str(int(maxlen))]), *(["--logits"] if logits else [])]


def _add(
    files: tuple[UploadedFile | None, UploadedFile | None], *, name: str, options: list[str], chosen_key: str
) -> None:
    """Makes the base model, or says what is in the way."""
    try:
        _import(files, name=name, options=options)
    except SentimentError as error:
        show_error(error)
        return
    state = session()
    state.set_widget(chosen_key, name)
    state.notice = f"The base model {text.literal(name)} is there, and chosen."
    st.rerun()


def _import(files: tuple[UploadedFile | None, UploadedFile | None], *, name: str, options: list[str]) -> None:
    model, tokenizer = files
    if model is None:
        raise UsageError("There is no model yet", todo="Add the file that model.save wrote")
    check_base_name(name)
    with tempfile.TemporaryDirectory(prefix="sentiment-keras-") as folder, st.spinner("Reading the model"):
        places = [Path(folder) / ("model" + Path(model.name).suffix[:8]), Path(folder) / "tokenizer.json"]
        for place, file in zip(places, files, strict=True):
            if file is not None:
                place.write_bytes(file.getbuffer())
        words = [] if tokenizer is None else ["--tokenizer", str(places[1])]
        run_command(["import-keras", "--name", name, *options, *words, "--", str(places[0])])
