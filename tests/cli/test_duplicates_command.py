"""`python -m sentiment duplicates`, word for word."""

import json
from pathlib import Path

import pytest

from sentiment.cli import main
from sentiment.data.duplicate_report import report_duplicates

LONG = "the battery lasts two days and the screen is bright enough to read in the sun so I would buy it again"
ROWS = [
    ("Good phone!", "positive"),  # 0
    ("bad", "negative"),
    ("good  PHONE", "negative"),  # 2: as row 0, with another label
    ("", "negative"),
    (LONG, "positive"),  # 4
    (LONG.replace("two", "three"), "positive"),  # 5: nearly row 4
    ("", "positive"),
    ("good phone", ""),  # 7: as row 0
    (LONG + ".", " positive "),  # 8: as row 4, and the same label
]


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "some.csv"
    path.write_text("text,label\n" + "".join(f'"{text}","{label}"\n' for text, label in ROWS))
    return path


def test_counts_groups_and_conflicts(file, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["duplicates", str(file), "--text", "text", "--label", "label", "--json", str(out)]) == 0
    assert json.loads(out.read_text()) == {
        "rows": 9,
        "exact_duplicates": 3,
        "near_duplicates": 1,
        "conflicting_texts": 1,
        "groups": [[0, 2, 7], [4, 5, 8]],
    }
    assert "3 exact" in capsys.readouterr().out


def test_without_a_label_column_nothing_conflicts(file, tmp_path):
    out = tmp_path / "out.json"
    assert main(["duplicates", str(file), "--text", "text", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["conflicting_texts"] == 0


def test_a_column_that_is_not_there_is_one_line(file, tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["duplicates", str(file), "--text", "words", "--json", str(out)]) == 2
    assert "'text', 'label'" in capsys.readouterr().err
    assert not out.exists()


def test_nothing_at_all_repeats_nothing():
    assert report_duplicates([]).to_dict() == {
        "rows": 0, "exact_duplicates": 0, "near_duplicates": 0, "conflicting_texts": 0, "groups": [],
    }  # fmt: skip
    assert report_duplicates([None, "", "  "], ["a", "b", None]).groups == []
