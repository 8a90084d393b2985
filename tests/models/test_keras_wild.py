"""A real file that nobody here made, which Keras itself cannot open any more: an LSTM of Keras 2.12, from PyPI."""

import json
import re
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from sentiment.errors import DataError
from sentiment.importing import import_keras
from sentiment.models.keras_import.importing import KerasOptions
from sentiment.models.predictor import load_predictor
from sentiment.training.corpora import corpora_folder
from sentiment.training.encode_texts import NetworkEncoding
from sentiment.training.head import fit_head

pytestmark = pytest.mark.slow
LENGTH = 100
FILES = ("keras_imdb_lstm.h5", "keras_imdb_tokenizer.json", "imdb_reviews.parquet")


@pytest.fixture(scope="module")
def wild() -> Path:
    try:
        folder = corpora_folder()
    except DataError as error:
        pytest.skip(str(error))
    if not all((folder / name).exists() for name in FILES):
        pytest.skip("the corpora have no Keras file")
    return folder


@pytest.fixture(scope="module")
def reviews(wild: Path) -> pd.DataFrame:
    return pd.read_parquet(wild / "imdb_reviews.parquet").sample(1_000, random_state=4)


@pytest.fixture(scope="module")
def predict(wild: Path, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENTIMENT_WORKSPACE", str(tmp_path_factory.mktemp("workspace")))
        options = KerasOptions(labels=("negative", "positive"), padding="post", clean=("tags", "letters"))
        import_keras(wild / FILES[0], tokenizer=wild / FILES[1], name="wild", options=options)
        return load_predictor("wild")


def read_words(wild: Path, texts: list[str]) -> np.ndarray:
    """Word numbers int[n_texts, LENGTH] by the description of the file, in plain Python."""
    words = json.loads(json.loads((wild / FILES[1]).read_text())["config"]["word_index"])
    ids = np.zeros((len(texts), LENGTH), int)
    for row, text in zip(ids, texts, strict=True):
        plain = re.sub("[^a-zA-Z]", " ", re.sub("<[^>]*>", " ", text)).lower()
        known = [words[word] for word in plain.split() if word in words][-LENGTH:]
        row[: len(known)] = known
    return ids


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-values))


def forward(wild: Path, ids: np.ndarray) -> np.ndarray:
    """P(positive) float64[n_texts], by the definition of an LSTM and a Dense layer, from the file's own arrays."""
    with h5py.File(wild / FILES[0]) as file:
        root = file["model_weights"]
        table = root["embedding/embedding/embeddings:0"][()]
        kernel, recurrent, bias = (
            root[f"lstm/lstm/lstm_cell/{name}:0"][()].astype(float) for name in ("kernel", "recurrent_kernel", "bias")
        )
        head, offset = (root[f"dense/dense/{name}:0"][()].astype(float) for name in ("kernel", "bias"))
    output, cell = np.zeros((2, len(ids), len(recurrent)))
    for step in range(LENGTH):
        gates = table[ids[:, step]] @ kernel + output @ recurrent + bias
        entry, forget, candidate, exit_ = np.split(gates, 4, axis=1)
        cell = sigmoid(forget) * cell + sigmoid(entry) * np.tanh(candidate)
        output = sigmoid(exit_) * np.tanh(cell)
    return sigmoid(output @ head + offset)[:, 0]


def test_it_says_what_an_independent_forward_pass_says(wild, reviews, predict):
    texts = [*reviews["text"][:195], "", "good", "<br />", "not bad at all!", "zzz qqq"]
    probs = predict(texts)
    np.testing.assert_allclose(probs[:, 1], forward(wild, read_words(wild, texts)), atol=1e-5)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-6)


def test_it_judges_reviews_as_well_as_it_should(reviews, predict):
    """86.6 % of 1,000; were a step of its reading wrong, it would be 84 % and less."""
    said = np.array(predict.classes)[predict(reviews["text"].tolist()).argmax(axis=1)]
    assert (said == reviews["label"].to_numpy()).mean() >= 0.85


def test_its_encoder_carries_a_new_head(reviews, predict):
    """On other classes than its own: long reviews against short ones."""
    texts = reviews["text"][:400]
    targets = np.eye(2, dtype=np.float32)[(texts.str.len() > texts.str.len().median()).to_numpy(int)]
    vectors = np.concatenate(list(NetworkEncoding(predict.model, "").blocks(texts.tolist())))
    assert vectors.shape == (400, 128)
    head = fit_head(vectors[:300], targets[:300])
    said = (vectors[300:] @ head["kernel"] + head["bias"]).argmax(axis=1)
    assert (said == targets[300:].argmax(axis=1)).mean() > 0.6
