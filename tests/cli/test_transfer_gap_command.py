"""`python -m sentiment transfer-gap`: every language, its cells and the verdict on it; mistakes are one line."""

import json

import numpy as np
import pytest

from sentiment.cli import main
from sentiment.training import transfer_gap
from tests.training.several_languages import bilingual_frame


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "reviews.csv"
    frame = bilingual_frame(n_first=150, n_second=110).rename(columns={"language": "spoken"})
    frame.drop(columns="group").to_csv(path, index=False)
    return path


def test_it_measures_and_tells(file, tmp_path, capsys, monkeypatch):
    chance = lambda rows, target, own, **_: np.zeros(len(target.test), np.int64)  # noqa: E731
    monkeypatch.setattr(transfer_gap, "fit_scratch", chance)
    out = tmp_path / "gap.json"
    given = ["transfer-gap", str(file), "--language-column", "spoken", "--seeds", "1", "--out", str(out)]
    assert main(given) == 0
    said = capsys.readouterr()
    assert "Measuring with multi-cnn-reviews" in said.err
    assert "Chinese: 110 labels, judged on 44 held-out rows" in said.out
    assert "chosen on" in said.out
    assert "the base model reaches macro-F1" in said.out
    written = json.loads(out.read_text())
    assert {language["language"] for language in written["languages"]} == {"en", "zh"}
    assert written["base"] == "multi-cnn-reviews"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--language-column", "nowhere"], "has no column “nowhere”"),
        (["--base", "no-such-base"], "'no-such-base' is neither a run folder nor a base model"),
        (["--base", "tfidf-words"], "tfidf-words"),
        (["--seeds", "0"], "seeds"),
    ],
)
def test_a_mistake_is_one_line(file, more, said, capsys):
    assert main(["transfer-gap", str(file), *more]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert said in told[-1]


def test_too_few_labels_are_told(tmp_path, capsys):
    path = tmp_path / "few.csv"
    bilingual_frame(n_first=40, n_second=30).drop(columns="group").to_csv(path, index=False)
    assert main(["transfer-gap", str(path), "--language-column", "language"]) == 2
    assert "No language has labels enough to measure" in capsys.readouterr().err
