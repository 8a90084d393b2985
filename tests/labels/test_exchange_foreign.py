"""Files of labels that other tools and hands wrote: told by what they hold, taken whole or not at all."""

import json

import pytest

from sentiment import data
from sentiment.errors import DataError
from sentiment.labels.exchange import export_labels, import_labels
from sentiment.labels.store import LabelStore
from tests.labels.test_exchange import make_store

N = 6


@pytest.fixture
def dataset(tmp_path) -> data.Dataset:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\n" + "".join(f"text {i},{('pos', 'neg', '')[i % 3]}\n" for i in range(N)))
    return data.import_file(path, text="text", label="label")


@pytest.fixture
def store(dataset, fast) -> LabelStore:
    return make_store(dataset, fast)


def names(store: LabelStore, dataset: data.Dataset) -> list[str]:
    return [found.name for found in store.classes(dataset.id)]


def take(store: LabelStore, dataset: data.Dataset, content: object, name: str, **options: object):
    raw = content if isinstance(content, bytes) else str(content).encode()
    return import_labels(store, dataset, raw, name=name, who="Dee", **options)


def refused(store: LabelStore, dataset: data.Dataset, content: object, name: str, said: str, **options: object) -> None:
    """The file is refused with these words, and nothing of it is stored."""
    before = names(store, dataset)
    with pytest.raises(DataError, match=said):
        take(store, dataset, content, name, **options)
    assert store.history(dataset.id).empty
    assert names(store, dataset) == before


# --- classes


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("mixed ", "mixed"),
        ("very  good", "very good"),
        ("خیلی\u200cخوب", "خیلی\u200cخوب"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("mi\u200cxed", "mixed"),
        ("\u200cmixed", "mixed"),
    ],
)
def test_a_new_class_has_the_name_that_its_labels_are_stored_under(label, name, store, dataset):
    content = f"row,label\n0,{label}\n1,pos \n2,{name}\n"
    assert take(store, dataset, content, "x.csv", add_classes=True).new_classes == (name,)
    assert store.opinions(dataset.id)["label"].tolist() == [name, "pos", name]
    assert take(store, dataset, content, "x.csv").n_events == 0


@pytest.mark.parametrize("label", ["\u200b", "x" * 201])
def test_a_label_that_can_be_no_class_leaves_nothing_behind(label, store, dataset):
    refused(store, dataset, f"row,label\n0,new\n1,{label}\n", "x.csv", "row 2: a label without 1 to", add_classes=True)


def test_a_class_is_not_left_behind_by_an_event_that_cannot_be_stored(store, dataset, monkeypatch):
    def fail(*_, **__):
        raise DataError("no")

    monkeypatch.setattr("sentiment.labels.appending.append_events", fail)
    refused(store, dataset, "row,label\n0,new\n", "x.csv", "no", add_classes=True)


def test_labels_of_a_retired_class_come_in_again(store, dataset, fast):
    store.label(dataset.id, [2], "pos", who="Ann")
    store.retire_class(dataset.id, "pos", who="Ann")
    content = export_labels(store, dataset, form="csv")
    assert take(store, dataset, content, "x.csv").n_events == 0
    other = make_store(dataset, fast, "other")
    other.retire_class(dataset.id, "pos", who="Ann")
    for add in (True, False):
        done = take(other, dataset, content, "x.csv", add_classes=add)
        assert (done.n_events, done.new_classes) == (int(add), ())
    assert other.current(dataset.id)["label"].tolist() == ["pos"]
    assert names(other, dataset) == ["neg"]


# --- forms


@pytest.mark.parametrize("form", ["argilla", "doccano", "label-studio", "jsonl"])
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_what_we_exported_is_read_as_what_it_is_whatever_it_is_called(form, ending, store, dataset, fast):
    store.label(dataset.id, [2], "pos", who="Ann")
    content = export_labels(store, dataset, form=form)
    other = make_store(dataset, fast, "other")
    for chosen in (None, "jsonl"):
        take(other, dataset, content, f"labels.{ending}", add_classes=True, form=chosen)
    assert other.opinions(dataset.id).to_numpy().tolist() == [[2, "Ann", "pos"]]
    assert names(other, dataset) == ["neg", "pos"]


def test_a_file_of_doccano_with_an_empty_list_first_makes_no_class_of_lists(store, dataset):
    content = '{"id": 1, "text": "text 0", "label": []}\n{"id": 2, "text": "text 1", "label": ["pos"]}\n'
    assert take(store, dataset, content, "all.jsonl", add_classes=True).new_classes == ()
    assert store.opinions(dataset.id)["label"].tolist() == ["pos"]


def test_numbers_are_labels_as_they_are_written(store, dataset):
    content = '{"row": 0, "label": 1}\n{"row": 1, "label": [0]}\n{"row": 2, "label": 9223372036854775809}\n'
    done = take(store, dataset, content, "x.jsonl", form="doccano", add_classes=True)
    assert done.new_classes == ("1", "0", "9223372036854775809")


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ('{"a": 1}', "a label that is neither"),
        ("[[0, 5, 1]]", "a label that is neither"),
        ("true", "a label that is neither"),
        ("NaN", "a label that is neither"),
        ('["pos", "neg"]', "more than one label"),
    ],
)
def test_a_label_that_is_no_word_is_told_by_its_line(label, said, store, dataset):
    content = f'{{"text": "text 1", "label": ["pos"]}}\n{{"text": "text 0", "label": {label}}}\n'
    refused(store, dataset, content, "x.jsonl", f"row 2: {said}", add_classes=True)
    record = {"fields": {"text": "text 0"}, "metadata": {}, "responses": {"label": [{"value": json.loads(label)}]}}
    refused(store, dataset, json.dumps([record]), "x.json", f"row 1: {said}", add_classes=True)


@pytest.mark.parametrize(
    "content", ['[{"text": "text 0", "sentiment": "pos"}]', "[]", '[{"data": {"text": "text 0"}}]']
)
def test_records_without_any_label_are_no_success(content, store, dataset):
    refused(store, dataset, content, "min.json", "holds no labels")


def test_responses_to_the_question_label_count_and_not_those_to_another(store, dataset):
    responses = {"comment": [{"value": "nice"}], "label": [{"value": "pos", "user_id": "u"}]}
    record = {"fields": {"text": "text 0"}, "metadata": {}, "responses": responses}
    take(store, dataset, json.dumps([record]), "x.json")
    assert store.opinions(dataset.id).to_numpy().tolist() == [[0, "u", "pos"]]


# --- Label Studio


def annotated(*results: object, **more: object) -> str:
    return json.dumps([{"data": {"text": "text 0"}, "annotations": [{"result": list(results), **more}]}])


CHOICES = {"type": "choices", "value": {"choices": ["neg"]}}
RATING = {"type": "rating", "value": {"rating": 4}}


def test_only_an_empty_annotation_clears_a_label(store, dataset):
    refused(store, dataset, annotated(RATING), "t.json", "row 1: an annotation without a choice")
    take(store, dataset, annotated(CHOICES, RATING), "t.json")
    assert store.current(dataset.id)["label"].tolist() == ["neg"]
    take(store, dataset, annotated(RATING, was_cancelled=True), "t.json")
    assert store.current(dataset.id)[["label", "skipped"]].to_numpy().tolist() == [["neg", True]]
    take(store, dataset, annotated(), "t.json")
    assert store.current(dataset.id)["label"].isna().all()


@pytest.mark.parametrize("results", [[CHOICES, CHOICES], [{"value": {"choices": ["neg", "pos"]}}]])
def test_two_choices_are_told(results, store, dataset):
    refused(store, dataset, annotated(*results), "t.json", "row 1: more than one label")


# --- lines


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"])
def test_a_time_that_is_none_in_utc_is_told(when, store, dataset):
    refused(store, dataset, f"row,label,when\n0,pos,{when}\n", "x.csv", "row 1: the time")


@pytest.mark.parametrize("key", ["note", "who", "text", "label", "status", "when"])
def test_half_a_character_is_told(key, store, dataset):
    line = {"row": 0, "label": ["pos"], "note": "n", key: "\ud83d"}
    refused(store, dataset, json.dumps(line), "x.jsonl", "row 1: half of a character", form="doccano", add_classes=True)


def test_a_note_is_stored_once_however_often_the_file_comes(store, dataset):
    store.note(dataset.id, 0, "first", who="Ann")
    before = export_labels(store, dataset, form="csv")
    content = "row,label,who,note\n0,pos,Ann,seen\n0,pos,Ann,seen\n"
    for _ in range(3):
        take(store, dataset, content, "x.csv")
    assert store.notes(dataset.id)["text"].tolist() == ["first", "seen"]
    for export in (before, export_labels(store, dataset, form="csv")):
        assert take(store, dataset, export, "x.csv").n_events == 0


def test_a_text_that_is_absent_contradicts_nothing(store, dataset):
    assert take(store, dataset, '{"row": 0, "label": ["pos"]}\n', "x.jsonl", form="doccano").n_events == 1
    assert take(store, dataset, "row,text,label\n1,,pos\n", "x.csv").n_events == 1
    task = {"data": {"row": 2}, "annotations": [{"result": [CHOICES]}]}
    assert take(store, dataset, json.dumps([task]), "x.json").n_events == 1
    with pytest.raises(DataError, match="row 1: another text"):
        take(store, dataset, '{"row": 0, "text": "text 9", "label": ["pos"]}\n', "x.jsonl")
    with pytest.raises(DataError, match="row 1: neither a row nor a text"):
        take(store, dataset, '{"text": "", "label": ["pos"]}\n', "x.jsonl")
