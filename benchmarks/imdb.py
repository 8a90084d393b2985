"""Long reviews: a CNN whose words start from GloVe against TF-IDF with logistic regression, on all of IMDb.

Usage: python -m benchmarks.imdb DATA_FOLDER [--seeds N] [--validate]

DATA_FOLDER holds imdb_reviews.parquet. One review in ten, chosen by a hash of its text, is held out; duplicates are on
one side. Both models learn from the other nine tenths. The network's settings, `CNN`, `EXTRA` and `SETTINGS` below,
were chosen on one of these, with eight to learn from; `--validate` does that again. Prints a Markdown table.
"""

import argparse
import dataclasses
import datetime
import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from sentiment.models.classifier import apply_fn, fresh_params
from sentiment.models.device import prepare_device
from sentiment.models.encoders import EncoderConfig
from sentiment.models.tokenizer import build_tokenizer, count_words, encode
from sentiment.training.corpora import CorpusSplit, read_corpus
from sentiment.training.fit import Examples, Progress, Trainer
from sentiment.training.imbalance import plan_imbalance
from sentiment.training.optimizer import FitSettings
from sentiment.training.vocabulary import WordVectors, choose_words, embedding_table, start_vectors

CNN = EncoderConfig(vocab_size=0, widths=(1, 2, 3), filters=150)
EXTRA = 50  # numbers of a word beside GloVe's 50, drawn at random
SETTINGS = FitSettings(epochs=3, learning_rate=2e-3, max_length=500, word_dropout=0.2, average=0.995, patience=9)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--validate", action="store_true")
    arguments = parser.parse_args()
    os.environ["SENTIMENT_CORPORA"] = str(arguments.data)
    device = prepare_device()
    corpus = read_corpus("imdb")
    if arguments.validate:
        fit_network(corpus, seed=0, learn=("train",), validate="validation")
        return
    rows = {"TF-IDF (words, pairs) + logistic regression": [fit_tfidf(corpus)]}
    rows["CNN from GloVe"] = [fit_network(corpus, seed=seed) for seed in range(arguments.seeds)]
    print(f"{datetime.date.today()}, {platform.machine()}, {device}, Python {platform.python_version()},", end=" ")
    print(", ".join(f"{name} {version(name)}" for name in ("jax", "flax", "scikit-learn")), end="\n\n")
    n_test = len(corpus.rows("test"))
    print(f"| model | seeds | accuracy on {n_test:,} held-out reviews | macro-F1 | minutes, all included |")
    print("|---|---:|---:|---:|---:|")
    for name, found in rows.items():
        accuracy, macro_f1, minutes = np.mean(found, axis=0)
        print(f"| {name} | {len(found)} | {100 * accuracy:.1f} | {100 * macro_f1:.1f} | {minutes:.1f} |")


def fit_tfidf(corpus: CorpusSplit) -> tuple[float, float, float]:
    """Accuracy, macro-F1 and minutes."""
    began = time.monotonic()
    learn = np.concatenate([corpus.rows("train"), corpus.rows("validation")])
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LogisticRegression(C=10.0, max_iter=1000)
    model.fit(vectorizer.fit_transform(corpus.texts[learn]), corpus.labels[learn])
    guess = model.predict(vectorizer.transform(corpus.texts[corpus.rows("test")]))
    return *_scores(corpus, guess), (time.monotonic() - began) / 60


def fit_network(
    corpus: CorpusSplit, *, seed: int, learn: Sequence[str] = ("train", "validation"), validate: str | None = None
) -> tuple[float, float, float]:
    """Accuracy, macro-F1 and minutes, from reading the words to the last prediction.

    Args:
        corpus: the reviews.
        seed: draws the weights, the order of the rows and dropout.
        learn: the sides of the split to learn from.
        validate: the side that chooses the best weights; None to keep the last.
    """
    began = time.monotonic()
    learned = np.concatenate([corpus.rows(side) for side in learn])
    train_texts = corpus.texts[learned]
    counts, glove = count_words(train_texts), WordVectors()
    words = choose_words(counts, glove, n_frequent=0, min_count=3)
    tokens, vectors = start_vectors(words, counts, glove, n_pieces=1_500)
    drawn = np.random.default_rng(seed).normal(0.0, 0.1, (len(vectors), EXTRA)).astype(np.float32)
    tokenizer, table = build_tokenizer(tokens), embedding_table(np.concatenate([vectors, drawn], axis=1))
    config = dataclasses.replace(CNN, vocab_size=len(table), embed=table.shape[1])
    params = fresh_params(config, 2, seed=seed)
    params["encoder"]["embedding"]["embedding"] = table

    def examples(rows: NDArray[np.int64]) -> Examples:
        ids = encode(tokenizer, list(corpus.texts[rows]), max_length=SETTINGS.max_length)
        return Examples(ids, (corpus.labels[rows] > 0).astype(np.int64))

    train = examples(learned)
    trainer = Trainer(
        apply_fn(config, 2),
        params,
        train=train,
        validation=None if validate is None else examples(corpus.rows(validate)),
        plan=plan_imbalance("none", train.labels, n_classes=2),
        settings=dataclasses.replace(SETTINGS, seed=seed),
    )
    best = trainer.run(on_progress=_show).params
    probs = trainer.predict(best, examples(corpus.rows("test")).tokens)
    guess = np.unique(corpus.labels)[probs.argmax(axis=1)]
    return *_scores(corpus, guess), (time.monotonic() - began) / 60


def _scores(corpus: CorpusSplit, guess: NDArray[np.int64]) -> tuple[float, float]:
    truth = corpus.labels[corpus.rows("test")]
    return float(accuracy_score(truth, guess)), float(f1_score(truth, guess, average="macro"))


def _show(progress: Progress, trainer: Trainer) -> None:
    if progress.kind == "validation":
        print(f"epoch {progress.epoch:.1f}: validation macro-F1 {100 * (progress.macro_f1 or 0):.2f}", flush=True)


if __name__ == "__main__":
    main()
