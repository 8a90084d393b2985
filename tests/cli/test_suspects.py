"""`python -m sentiment suspects`, word for word."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.cli import main

FINE = ["fine", "lovely", "superb", "grand", "splendid", "pretty", "great", "nice"]
AWFUL = ["awful", "broken", "ugly", "poor", "nasty", "cheap", "dreadful", "sad"]
REVIEWS = Path(__file__).resolve().parents[2] / "sample_data" / "product-reviews"


def _changed(path: Path, *, n_rows: int, seed: int) -> np.ndarray:
    """Writes reviews with 5 % of their labels changed; the changed rows."""
    frame = pd.read_csv(next(REVIEWS.glob("*.csv")), keep_default_na=False)[["text", "label"]].iloc[:n_rows]
    names = np.unique(frame["label"])
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(frame), round(0.05 * len(frame)), replace=False)
    codes = np.searchsorted(names, frame["label"].to_numpy())
    codes[rows] = (codes[rows] + rng.integers(1, len(names), len(rows))) % len(names)
    frame.assign(label=names[codes]).to_csv(path, index=False)
    return rows


@pytest.mark.slow
def test_changed_labels_are_found_four_times_as_often_as_by_chance(tmp_path, capsys):
    rows = _changed(tmp_path / "reviews.csv", n_rows=5_000, seed=7)
    arguments = [str(tmp_path / "reviews.csv"), "--text", "text", "--label", "label", "--base", "en-cnn-reviews"]
    assert main(["suspects", *arguments, "--out", str(tmp_path / "out.csv")]) == 0
    assert "labels ranked" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.columns) == ["row", "label", "suggested", "score"]
    assert table["score"].is_monotonic_decreasing
    assert np.isin(table["row"][: len(rows)], rows).mean() >= 0.2
    assert table["row"].is_unique


def test_rows_are_those_of_the_file_and_unlabeled_ones_are_left_out(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["text,label"]
    for _ in range(40):
        said = [" ".join(rng.choice(words, 6)) for words in (FINE, AWFUL)]
        lines += [f"{said[0]},good", f"{said[1]},bad", ",", "x,"]
    lines[1 + 4 * 17] = "fine lovely superb grand,bad"
    (tmp_path / "some.csv").write_text("\n".join(lines) + "\n")
    arguments = ["--text", "text", "--label", "label", "--base", "tfidf-words"]
    assert main(["suspects", str(tmp_path / "some.csv"), *arguments, "--out", str(tmp_path / "out.csv")]) == 0
    table = pd.read_csv(tmp_path / "out.csv")
    assert len(table) == 80
    assert table.loc[0, ["row", "label", "suggested"]].tolist() == [68, "bad", "good"]


@pytest.mark.parametrize("by_document", [True, False])
def test_the_sentences_of_a_document_do_not_vouch_for_each_other(by_document, tmp_path):
    """A document whose labels are all wrong agrees with itself, by words that no other one has."""
    rng = np.random.default_rng(0)
    lines = ["text,label,document"]
    for document in range(24):
        is_good = document % 2 == 0
        said_good = not is_good if document == 5 else is_good
        for _ in range(6):
            own = " ".join(f"word{document}x{place}" for place in rng.integers(0, 4, 6))
            tone = " ".join(rng.choice(FINE if is_good else AWFUL, 2))
            lines.append(f"{own} {tone},{'good' if said_good else 'bad'},{document}")
    (tmp_path / "some.csv").write_text("\n".join(lines) + "\n")
    arguments = ["--text", "text", "--label", "label", "--base", "tfidf-words", "--out", str(tmp_path / "out.csv")]
    group = ["--group", "document"] if by_document else []
    assert main(["suspects", str(tmp_path / "some.csv"), *arguments, *group]) == 0
    most_suspect = pd.read_csv(tmp_path / "out.csv").head(6)
    of_the_wrong_one = most_suspect["row"].between(30, 35)
    assert of_the_wrong_one.all() == by_document


def test_a_run_that_has_learned_the_labels_is_not_asked_about_them(tmp_path, capsys):
    lines = ["text,label"]
    for place in range(60):
        lines += [f"{FINE[place % 8]} thing number {place},good", f"{AWFUL[place % 8]} thing number {place},bad"]
    (tmp_path / "some.csv").write_text("\n".join(lines) + "\n")
    data = [str(tmp_path / "some.csv"), "--text", "text", "--label", "label"]
    assert main(["finetune", *data, "--base", "en-cnn-news", "--strategy", "head", "--out", str(tmp_path / "run")]) == 0
    capsys.readouterr()
    assert main(["suspects", *data, "--base", str(tmp_path / "run"), "--out", str(tmp_path / "out.csv")]) == 2
    assert "has learned from" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("content", "base", "said"),
    [
        ("text,label\nfine,good\n", "tfidf-words", "At least 10 labels"),
        ("text,label\n" + "fine,good\n" * 20, "tfidf-words", "two classes"),
        ("text,label\nfine,good\n", "no-such-base", "no-such-base"),
        ("text,stars\nfine,good\n", "tfidf-words", "label"),
    ],
)
def test_a_mistake_is_one_line(content, base, said, tmp_path, capsys):
    (tmp_path / "some.csv").write_text(content)
    arguments = [str(tmp_path / "some.csv"), "--text", "text", "--label", "label", "--base", base]
    assert main(["suspects", *arguments, "--out", str(tmp_path / "out.csv")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()
