"""What people do with rows, and what follows from it, on both databases."""

from datetime import UTC, datetime

import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.labels.events import NewEvent
from sentiment.labels.store import LabelStore
from tests.labels.made_up import CLASSES, DATASET, N_ROWS, OTHER, MadeUp


def label_of(store: LabelStore, row: int) -> tuple[object, str]:
    table = store.current(DATASET).set_index("row")
    label = table.loc[row, "label"]
    return (None if label != label else label), str(table.loc[row, "rule"])


def test_a_label_counts_and_says_who_when_and_how(store):
    before = datetime.now(UTC)
    (event,) = store.label(DATASET, [3], "positive", who="Ann", how="suggestion")
    assert label_of(store, 3) == ("positive", "latest")
    history = store.history(DATASET, 3)
    assert history[["id", "row", "kind", "label", "who", "how", "undone"]].to_numpy().tolist() == [
        [event.id, 3, "label", "positive", "Ann", "suggestion", False]
    ]
    assert before <= history["at"].iloc[0] <= datetime.now(UTC)
    assert history["at"].iloc[0].utcoffset().total_seconds() == 0


def test_the_same_key_is_stored_once(store):
    first = store.label(DATASET, [1, 2], "positive", who="Ann", key="k")
    assert store.label(DATASET, [1, 2], "positive", who="Ann", key="k") == first
    event = NewEvent(row=5, kind="flag", who="Ann", key="mine")
    twice = store.append(DATASET, [event, event])
    assert twice[0] == twice[1]
    assert len(store.history(DATASET)) == 3
    with pytest.raises(UsageError, match="another dataset"):
        store.append(OTHER, [event])


def test_the_rule_is_settled_then_majority_then_latest_then_the_file(store):
    store.mark(DATASET, [0, 10], "flag", who="Ann")
    assert label_of(store, 0) == ("negative", "file")
    store.label(DATASET, [0], "positive", who="Ann")
    assert label_of(store, 0) == ("positive", "latest")
    store.label(DATASET, [0], "negative", who="Bob")
    assert label_of(store, 0) == ("negative", "latest")  # one against one: the later one
    store.label(DATASET, [0], "positive", who="Cy")
    assert label_of(store, 0) == ("positive", "majority")
    store.label(DATASET, [0], "negative", who="Ann")
    assert label_of(store, 0) == ("negative", "majority")  # people count by their latest opinion
    store.mark(DATASET, [0], "settle", label="positive", who="Dee")
    store.label(DATASET, [0], "negative", who="Eve")
    assert label_of(store, 0) == ("positive", "settled")
    store.mark(DATASET, [0], "settle", who="Dee")
    assert label_of(store, 0) == ("negative", "majority")


def test_clearing_says_that_a_row_has_no_label(store):
    store.label(DATASET, [0], None, who="Ann")
    assert label_of(store, 0) == (None, "latest")
    assert store.counts(DATASET) == {"negative": 499, "positive": 500}


def test_undo_goes_back_any_number_of_steps_and_only_ones_own(store):
    for row, label in ((1, "positive"), (2, "negative"), (1, "negative")):
        store.label(DATASET, [row], label, who="Ann")
    store.label(DATASET, [1], "positive", who="Bob")
    assert [event.row for event in store.undo(DATASET, who="Ann")] == [1]
    assert store.opinions(DATASET, [1]).to_numpy().tolist() == [[1, "Ann", "positive"], [1, "Bob", "positive"]]
    assert [event.row for event in store.undo(DATASET, who="Ann", n=2)] == [2, 1]
    assert store.opinions(DATASET).to_numpy().tolist() == [[1, "Bob", "positive"]]
    assert store.undo(DATASET, who="Ann") == []
    assert label_of(store, 2) == (None, "file")
    assert store.history(DATASET)["undone"].sum() == 3


def test_several_rows_at_once_are_one_step(store):
    store.label(DATASET, [1], "positive", who="Ann")
    store.label(DATASET, range(100, 400), "negative", who="Ann", how="bulk")
    assert store.counts(DATASET)["negative"] == 500 + 300 - 15
    assert len(store.undo(DATASET, who="Ann")) == 300
    assert store.counts(DATASET)["negative"] == 500
    assert len(store.undo(DATASET, who="Ann")) == 1


def test_an_undo_that_is_sent_again_undoes_nothing_more(store):
    for row in (1, 2, 3):
        store.label(DATASET, [row], "positive", who="Ann")
    first = store.undo(DATASET, who="Ann", key="u")
    assert store.undo(DATASET, who="Ann", key="u") == first
    assert len(store.opinions(DATASET)) == 2


def test_an_undo_can_be_undone(store):
    store.label(DATASET, [1], "positive", who="Ann")
    store.undo(DATASET, who="Ann")
    undo = store.history(DATASET)["id"].iloc[-1]
    store.append(DATASET, [NewEvent(row=1, kind="undo", who="Ann", target=int(undo))])
    assert label_of(store, 1) == ("positive", "latest")
    assert store.history(DATASET)["undone"].tolist() == [False, True, False]
    assert len(store.undo(DATASET, who="Ann")) == 1
    assert label_of(store, 1) == (None, "file")


def test_switches_and_notes_are_kept_and_taken_back(store):
    store.mark(DATASET, [0], "exclude", who="Ann")
    store.mark(DATASET, [1], "skip", who="Ann")
    store.note(DATASET, 1, "a note with a \0 byte", who="Ann")
    store.mark(DATASET, [1], "flag", who="Bob")
    table = store.current(DATASET).set_index("row")[["excluded", "flagged", "skipped"]]
    assert table.loc[0].tolist() == [True, False, False]
    assert table.loc[1].tolist() == [False, True, True]
    assert store.notes(DATASET, 1)["text"].tolist() == ["a note with a  byte"]
    assert store.counts(DATASET) == {"negative": 499, "positive": 500}
    store.label(DATASET, [1], "positive", who="Ann")
    store.mark(DATASET, [0], "include", who="Bob")
    store.mark(DATASET, [1], "unflag", who="Bob")
    assert not store.current(DATASET)[["excluded", "flagged", "skipped"]].to_numpy().any()
    store.undo(DATASET, who="Ann", n=2)
    assert store.notes(DATASET).empty


def test_classes_change_without_losing_history(store):
    store.label(DATASET, [1], "positive", who="Ann")
    added = store.add_class(DATASET, "great", who="Ann")
    store.label(DATASET, [2], "great", who="Ann")
    store.set_settings(DATASET, who="Ann", keys={"positive": "P", "undo": "3"})
    store.rename_class(DATASET, "positive", "good", who="Ann")
    assert store.settings(DATASET)["keys"] == {"good": "P", "undo": "3"}
    assert store.counts(DATASET) == {"negative": 500, "good": 501, "great": 1}
    store.merge_classes(DATASET, ["great"], "good", who="Bob")
    assert store.counts(DATASET) == {"negative": 500, "good": 502}
    assert store.history(DATASET)["label"].tolist() == ["good", "good"]
    with pytest.raises(DataError, match="no class “great”"):
        store.label(DATASET, [3], "great", who="Ann")
    store.restore_class(DATASET, added.id, who="Ann")
    assert store.counts(DATASET) == {"negative": 500, "good": 501, "great": 1}
    store.retire_class(DATASET, "great", who="Ann")
    assert [found.name for found in store.classes(DATASET)] == ["negative", "good"]
    assert store.counts(DATASET)["great"] == 1


def test_a_merge_makes_a_majority_of_what_were_different_opinions(store):
    store.add_class(DATASET, "great", who="Ann")
    for who, label in (("Ann", "great"), ("Bob", "positive"), ("Cy", "negative")):
        store.label(DATASET, [7], label, who=who)
    assert label_of(store, 7) == ("negative", "latest")
    assert store.disagreements(DATASET)["row"].tolist() == [7]
    store.merge_classes(DATASET, ["great"], "positive", who="Ann")
    assert label_of(store, 7) == ("positive", "majority")
    store.label(DATASET, [7], "positive", who="Cy")
    assert store.disagreements(DATASET).empty


@pytest.mark.parametrize("name", ["", " \u200b", "positive", "x" * 201])
def test_a_class_needs_a_name_of_its_own(local, name):
    with pytest.raises(DataError):
        local.add_class(DATASET, name, who="Ann")
    with pytest.raises(DataError):
        local.rename_class(DATASET, "negative", name, who="Ann")
    assert [found.name for found in local.classes(DATASET)] == list(CLASSES)


def test_what_cannot_be_is_refused_and_nothing_of_it_is_stored(store):
    with pytest.raises(DataError, match=f"row {N_ROWS}"):
        store.label(DATASET, [1, N_ROWS], "positive", who="Ann")
    with pytest.raises(DataError, match="no class “nice”"):
        store.label(DATASET, [1], "nice", who="Ann")
    with pytest.raises(UsageError, match="who labels"):
        store.label(DATASET, [1], "positive", who=" \u200b")
    with pytest.raises(UsageError, match="kind of event"):
        store.mark(DATASET, [1], "burn", who="Ann")
    with pytest.raises(DataError, match="Row 1 has no event 77"):
        store.append(DATASET, [NewEvent(row=1, kind="undo", who="Ann", target=77)])
    with pytest.raises(UsageError, match="names a label"):
        store.mark(DATASET, [1], "flag", who="Ann", label="positive")
    assert store.history(DATASET).empty
    assert store.current(DATASET).empty


def test_two_people_on_one_queue_get_different_rows(store):
    queue = [5, 6, 7, 8]
    assert store.reserve(DATASET, queue, who="Ann", n=2) == [5, 6]
    assert store.reserve(DATASET, queue, who="Bob") == [7]
    assert store.reserve(DATASET, queue, who="Ann") == [5]  # what is theirs stays theirs
    store.label(DATASET, [5], "positive", who="Ann")
    store.mark(DATASET, [6], "skip", who="Ann")
    assert store.reserve(DATASET, queue, who="Ann", n=4) == [8]
    assert store.reserve(DATASET, queue, who="Cy") == [6]  # skipped by Ann only
    store.release(DATASET, [7], who="Bob")
    assert store.reserve(DATASET, queue, who="Dee", n=4) == [7]
    assert store.reserve(DATASET, queue, who="Eve", n=4, again=True) == [5]


def test_a_reservation_ends(store):
    assert store.reserve(DATASET, [5], who="Ann", seconds=0) == [5]
    assert store.reserve(DATASET, [5], who="Bob") == [5]


def test_a_share_of_the_rows_goes_to_several_people(local):
    local.set_settings(DATASET, who="Ann", opinions_share=0.5, opinions=2)
    rows = [row for row in range(200) if row % 10]
    for who in ("Ann", "Bob", "Cy"):
        local.label(DATASET, local.reserve(DATASET, rows, who=who, n=len(rows)), "positive", who=who)
    opinions = local.current(DATASET)["n_opinions"].value_counts()
    assert set(opinions.index) == {1, 2}
    assert 60 < opinions[2] < 120


def test_settings_are_checked_and_the_latest_counts(store):
    assert store.settings(DATASET)["goal"] == 500
    store.set_settings(DATASET, who="Ann", goal=20, keys={"positive": "1"})
    store.set_guidelines(DATASET, "Be kind.", who="Ann")
    store.set_settings(DATASET, who="Bob", goal=30)
    found = store.settings(DATASET)
    assert (found["goal"], found["keys"], store.guidelines(DATASET)) == (30, {"positive": "1"}, "Be kind.")
    for bad in ({"goal": 0}, {"opinions": 4}, {"opinions_share": 1.5}, {"keys": {"a": "1", "b": "1"}}, {"x": 1}):
        with pytest.raises(UsageError):
            store.set_settings(DATASET, who="Ann", **bad)
    assert store.settings(OTHER)["goal"] == 500


def test_stats_count_labels_people_and_what_is_left(store):
    store.set_settings(DATASET, who="Ann", goal=10)
    store.label(DATASET, [1, 2, 3], "positive", who="Ann")
    store.label(DATASET, [1], "negative", who="Bob")
    store.mark(DATASET, [4], "skip", who="Bob")
    store.mark(DATASET, [9], "exclude", who="Bob", how="remedy")
    store.label(DATASET, [5], "negative", who="Ann")
    store.undo(DATASET, who="Ann")
    stats = store.stats(DATASET)
    assert stats["per_class"] == {"negative": 501, "positive": 502}
    assert (stats["rows"], stats["labeled"], stats["unlabeled"]) == (N_ROWS - 1, 1003, N_ROWS - 1004)
    assert stats["per_person"] == {"Ann": 3, "Bob": 1}
    assert (stats["skipped"], stats["excluded"], stats["flagged"], stats["labeled_by_people"]) == (1, 1, 0, 3)
    assert (stats["last_hour"], stats["progress"]) == (4, 0.3)
    assert sum(hour["labels"] for hour in stats["per_hour"]) == 4


def test_rows_may_come_out_of_a_table(store):
    rows = np.array([1, 2])
    assert store.reserve(DATASET, rows, who="Ann", n=2) == [1, 2]
    store.release(DATASET, rows, who="Ann")
    (first, _) = store.label(DATASET, rows, "positive", who="Ann")
    store.append(DATASET, [NewEvent(row=rows[0], kind="undo", who="Ann", target=np.int64(first.id))])
    assert store.opinions(DATASET, rows)["row"].tolist() == [2]
    assert len(store.history(DATASET, rows[1])) == 1


def test_datasets_are_kept_apart(store):
    store.label(DATASET, [1], "positive", who="Ann")
    store.add_class(OTHER, "odd", who="Ann")
    store.label(OTHER, [1], "odd", who="Ann")
    assert store.opinions(DATASET)["label"].tolist() == ["positive"]
    assert store.counts(OTHER) == {"odd": 1}
    assert store.undo(DATASET, who="Ann")[0].row == 1
    assert store.counts(OTHER) == {"odd": 1}


def test_the_version_changes_with_everything_that_happens(store):
    seen = [store.version(DATASET)]
    assert seen == [(0, 0)]
    for act in (
        lambda: store.label(DATASET, [1], "positive", who="Ann"),
        lambda: store.undo(DATASET, who="Ann"),
        lambda: store.rename_class(DATASET, "positive", "good", who="Ann"),
    ):
        act()
        seen.append(store.version(DATASET))
    assert len(set(seen)) == 4
    assert store.current(DATASET, since=seen[1][0])["row"].tolist() == [1]
    assert store.current(DATASET, since=seen[2][0]).empty


def test_another_store_on_the_same_database_sees_the_same(store, address):
    store.label(DATASET, [1], "positive", who="Ann")
    other = LabelStore.open(address, source=MadeUp())
    assert other.counts(DATASET) == store.counts(DATASET)
    other.close()
