"""Findings: which rows repeat, contradict or cross a split, and what is proposed to do with them."""

import pandas as pd

from sentiment.data import findings

LONG = "the quick brown fox jumps over the lazy dog again and again today"
FRAME = pd.DataFrame(
    {
        "row": [0, 1, 3, 4, 5, 7, 8],
        "text": ["Nice!", "nice", LONG, LONG + " ok", "NICE", "alone", "nice."],
        "label": pd.array([None, "pos", "neg", "pos", "pos", "neg", "neg"], dtype="str"),
    }
)
REPEATS = findings.find_repeats(FRAME["text"])


def test_exact_duplicates_and_the_row_that_stays() -> None:
    found = findings.exact_duplicates(FRAME, REPEATS)
    assert found.rows["row"].tolist() == [0, 1, 5, 8]
    assert (found.n_sets, found.n_extra) == (1, 3)
    remedy = findings.keep_first(found)
    assert remedy["row"].tolist() == [0, 5, 8]  # row 1 is the first that has a label
    assert set(remedy["kind"]) == {"exclude"}
    assert remedy["reason"].iloc[0] == "same text as row 2"


def test_near_duplicates_leave_exact_ones_out() -> None:
    found = findings.near_duplicates(FRAME, REPEATS)
    assert found.rows["row"].tolist() == [3, 4]
    assert findings.keep_first(found)["row"].tolist() == [4]


def test_without_a_look_for_near_ones_only_the_same_texts_repeat() -> None:
    repeats = findings.find_repeats(FRAME["text"], near=False)
    assert findings.near_duplicates(FRAME, repeats).rows.empty
    assert findings.exact_duplicates(FRAME, repeats).n_extra == 3


def test_conflicting_labels_and_the_majority() -> None:
    found = findings.conflicting_labels(FRAME, REPEATS)
    assert found.rows["row"].tolist() == [1, 5, 8]
    remedy = findings.majority_label(found)
    assert remedy[["row", "kind", "label"]].to_numpy().tolist() == [[8, "label", "pos"]]
    assert remedy["reason"].tolist() == ["2 of 3 rows with this text say so"]


def test_a_tie_is_left_to_people() -> None:
    frame = pd.DataFrame({"row": [0, 1], "text": ["x y", "x y"], "label": pd.array(["a", "b"], dtype="str")})
    found = findings.conflicting_labels(frame, findings.find_repeats(frame["text"]))
    assert found.n_sets == 1
    assert findings.majority_label(found).empty


def test_rows_on_both_sides_of_a_split() -> None:
    found = findings.crossing_rows(FRAME, REPEATS, trained=[3, 7, 0], held_out=[4, 8])
    assert found.rows[["row", "side"]].to_numpy().tolist() == [
        [0, "training"], [8, "held out"], [3, "training"], [4, "held out"]
    ]  # fmt: skip
    assert findings.drop_from_training(found)["row"].tolist() == [0, 3]
    assert findings.crossing_rows(FRAME, REPEATS, trained=[0, 1], held_out=[7]).rows.empty


def test_clean_and_empty_data_have_no_findings() -> None:
    for frame in (FRAME.iloc[[5]], FRAME.iloc[:0]):
        repeats = findings.find_repeats(frame["text"])
        for find in (findings.exact_duplicates, findings.near_duplicates, findings.conflicting_labels):
            found = find(frame, repeats)
            assert (found.n_sets, found.n_extra, len(found.rows)) == (0, 0, 0)
            assert findings.keep_first(found).empty
            assert findings.majority_label(found).empty
