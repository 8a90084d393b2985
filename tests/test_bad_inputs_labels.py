"""Labels that vary, rate, contradict, are missing, or are no labels: told and decidable before training starts."""

from pathlib import Path

import pandas as pd
import pytest

from sentiment import data
from sentiment.cli import main
from sentiment.errors import DataError
from tests.refusals import assert_refused


def dataset(labels: list[str], texts: list[str] | None = None, **options: object) -> data.Dataset:
    frame = pd.DataFrame({"text": texts or [f"text number {i}" for i in range(len(labels))], "label": labels})
    table = data.read_table(frame.to_csv(index=False).encode(), name="r.csv")
    return data.build_dataset(table, text="text", label="label", **options)


def test_spellings_of_one_label_are_offered_to_be_merged() -> None:
    found = dataset(
        ["positive", "Positive", "positive ", "ＰＯＳＩＴＩＶＥ", "positive", "negative", "neg\u200bative", "other"]
    )
    assert found.report.variants == {
        "positive": ("positive", "Positive", "positive ", "ＰＯＳＩＴＩＶＥ"),
        "negative": ("negative", "neg\u200bative"),
    }
    assert len(found.classes) == 7, "labels are stored as given until somebody decides"
    mapping = {spelling: name for name, spellings in found.report.variants.items() for spelling in spellings}
    merged = dataset(found.frame["label"].tolist(), mapping=mapping)
    assert merged.class_counts == {"negative": 2, "positive": 5, "other": 1}


def test_the_most_frequent_spelling_is_kept() -> None:
    assert data.find_variants(["good ", "Good", "Good"]) == {"Good": ("good ", "Good")}
    assert data.find_variants(["a", "b"]) == {}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["1", "2", "3", "4", "5"], "negative negative neutral positive positive"),
        (["5", "1"], "positive negative"),
        (["1.0", "5.0", "3.0"], "negative positive neutral"),
        (["1 star", "5 stars", "4 stars"], "negative positive positive"),
        (["★", "★★★", "★★★★★"], "negative neutral positive"),
        (["0", "1"], "negative positive"),
        (["-1", "0", "1"], "negative neutral positive"),
        (["-1", "1", "+1"], "negative positive positive"),
    ],
)
def test_ratings_are_offered_a_mapping(labels: list[str], expected: str) -> None:
    offered = data.propose_mapping(labels)
    assert offered is not None
    assert [offered.mapping[label] for label in labels] == expected.split()
    assert offered.why


@pytest.mark.parametrize(
    "labels", [["positive"], ["1", "2"], ["0", "1", "2"], ["1", "good"], ["6", "1", "5"], [], ["007"]]
)
def test_other_labels_are_not_taken_for_ratings(labels: list[str]) -> None:
    assert data.propose_mapping(labels) is None


def test_a_mapping_renames_and_takes_away() -> None:
    found = dataset(["1", "5", "3", "junk"], mapping={"1": "negative", "5": "positive", "junk": ""})
    assert found.frame["label"].fillna("-").tolist() == ["negative", "positive", "3", "-"]
    assert found.class_counts == {"negative": 1, "positive": 1, "3": 1}


@pytest.mark.parametrize(
    "label", ["👍", "👩‍👩‍👧", "<img onerror=x>", ":red[x]", "$$x$$", "`a`", "=1+1", "x" * 200, "007", " a "]
)
def test_odd_labels_are_stored_exactly(label: str, tmp_path) -> None:
    found = dataset([label, "other"])
    data.save_dataset(found, tmp_path / found.id)
    assert data.load_dataset(tmp_path / found.id).frame["label"].tolist() == [label, "other"]


def test_a_label_that_is_a_text_is_refused_with_its_row() -> None:
    with pytest.raises(DataError, match=r"label in row 3, column “label”, has 201 characters"):
        dataset(["a", "b", "x" * 201])


def test_ten_thousand_classes_are_refused_at_import_and_hundreds_before_a_split() -> None:
    with pytest.raises(DataError, match="10\u202f000 different values"):
        dataset([f"id {i}" for i in range(10_000)])
    with pytest.raises(DataError, match="500 different labels on 2\u202f000 rows"):
        data.split_rows([f"id {i % 500}" for i in range(2_000)])


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ([], "No row has a label"),
        ([None, "", " "], "No row has a label"),
        (["positive"] * 50 + [None], "Every labeled row is “positive”"),
        (["positive"] * 50 + ["negative"] * 2, "“negative” \\(2 rows\\)"),
        (["positive"] * 50 + ["negative"], "“negative” \\(1 row\\)"),
    ],
)
def test_labels_that_cannot_be_split_are_explained(labels: list[str | None], what: str) -> None:
    with pytest.raises(DataError, match=what):
        data.split_rows(labels)


def test_a_class_in_two_groups_is_too_rare_however_many_rows_it_has() -> None:
    labels = ["positive"] * 50 + ["negative"] * 20
    groups = [*range(50), *([100] * 10), *([101] * 10)]
    with pytest.raises(DataError, match="“negative” \\(20 rows in 2 group"):
        data.split_rows(labels, groups=groups)


def test_a_text_with_two_labels_is_listed() -> None:
    texts = ["Great phone!", "great  phone", "GREAT PHONE", "bad", "bad", "fine", "fine"]
    found = dataset(["positive", "negative", "positive", "negative", "negative", "neutral", ""], texts)
    assert found.report.n_conflicting == 1
    assert found.report.conflicts == (
        {"text": "Great phone!", "labels": {"positive": 2, "negative": 1}, "rows": [0, 1, 2]},
    )
    assert found.report.n_duplicates == 4


def test_more_conflicts_are_counted_than_listed() -> None:
    texts = [f"text number {i // 2}" for i in range(600)]
    report = dataset(["a", "b"] * 300, texts).report
    assert report.n_conflicting == 300
    assert len(report.conflicts) == 200


@pytest.mark.parametrize("column", [None, "label"])
def test_an_unlabeled_dataset_is_welcome(column: str | None) -> None:
    table = data.read_table(b"text,label\ngood phone,\nbad phone,  \n", name="r.csv")
    found = data.build_dataset(table, text="text", label=column)
    assert (found.n_rows, found.n_labeled, found.classes) == (2, 0, ())
    assert found.report.n_unlabeled == 2
    assert found.frame["label"].isna().all()
    counts = data.count_classes(found.frame["label"], classes=found.classes)
    assert "nothing to train on" in data.describe_balance(counts)


ODD = ["007", "7", "9223372036854775809", "NA", "None", "👍", "<img onerror=x>", ":red[x]", "$$", "`a`", "x" * 200]


def test_odd_labels_come_out_of_a_run_as_they_went_in(tmp_path: Path) -> None:
    # Each class has words of its own, so that each is predicted.
    rows = [(f"the w{code}w of z{code}z number {i}", label) for i in range(12) for code, label in enumerate(ODD)]
    source, run, out = tmp_path / "r.jsonl", tmp_path / "run", tmp_path / "out.jsonl"
    data.write_table(pd.DataFrame(rows, columns=["text", "label"]), source)
    arguments = [str(source), "--text", "text", "--label", "label", "--base", "tfidf-words", "--out", str(run)]
    assert main(["finetune", *arguments]) == 0
    held_out = pd.read_parquet(run / "predictions.parquet")
    assert set(held_out["label"]) == set(ODD)
    assert {f"model:prob:{label}" for label in ODD} <= set(held_out.columns)
    assert main(["predict", str(run), str(source), "--text", "text", "--out", str(out)]) == 0
    predicted = data.read_table(out, name="out.jsonl").frame
    assert predicted["prediction"].tolist() == [label for _, label in rows]


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ([""] * 30, "No row has a label"),
        (["positive"] * 30, "Every labeled row is “positive”"),
        (["positive"] * 28 + ["negative"] * 2, "“negative” (2 rows)"),
        ([f"id {i // 2}" for i in range(300)], "150 different labels on 300 rows"),
        ([f"id {i}" for i in range(10_000)], "10\u202f000 different values"),
    ],
    ids=["no-label", "one-class", "two-rows", "hundreds-of-classes", "ten-thousand-classes"],
)
def test_labels_that_cannot_be_trained_on_end_the_command_with_the_reason(
    labels: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, run = tmp_path / "r.csv", tmp_path / "run"
    pd.DataFrame({"text": [f"word{i} thing{i} of a kind{i}" for i in range(len(labels))], "label": labels}).to_csv(
        source, index=False
    )
    assert_refused(source, what, run=run, capsys=capsys)
