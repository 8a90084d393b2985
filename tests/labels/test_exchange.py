"""Labels that go out and come back: the same, in every form, whoever said them."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from sentiment import data
from sentiment.errors import DataError, UsageError
from sentiment.labels.events import NewEvent
from sentiment.labels.exchange import FORMS, export_labels, export_table, import_labels
from sentiment.labels.store import LabelStore

N = 24
FILES = {"csv": "l.csv", "jsonl": "l.jsonl", "parquet": "l.parquet"}


class OfDataset:
    """The labels of one dataset in memory."""

    def __init__(self, dataset: data.Dataset) -> None:
        self.found = dataset
        self.by_row = {
            row: None if label != label else label
            for row, label in zip(dataset.frame["row"], dataset.frame["label"], strict=True)
        }

    def counts(self, dataset_id):
        return dict(self.found.class_counts)

    def n_rows(self, dataset_id):
        return self.found.n_rows

    def labels(self, dataset_id, rows):
        return {row: self.by_row[row] for row in rows if row in self.by_row}


@pytest.fixture
def dataset(tmp_path) -> data.Dataset:
    texts = [f'=cmd("{i}")\nsecond line, 好 “{i}”' if i % 5 == 0 else f"plain text {i}" for i in range(N)]
    labels = [("good", "=bad", "")[i % 3] for i in range(N)]
    path = tmp_path / "mine.csv"
    pd.DataFrame({"text": texts, "label": labels}).to_csv(path, index=False)
    return data.import_file(path, text="text", label="label")


def make_store(dataset, folder, name="labels") -> LabelStore:
    return LabelStore.open(folder / f"{name}.sqlite", source=OfDataset(dataset))


@pytest.fixture
def busy(dataset, fast) -> LabelStore:
    """A store in which everything happened that can."""
    store = make_store(dataset, fast)
    store.rename_class(dataset.id, "good", "very good", who="Ann")
    store.add_class(dataset.id, "mixed", who="Ann")
    store.label(dataset.id, [0, 1, 2], "mixed", who="Ann", how="bulk")
    store.label(dataset.id, [1], "=bad", who="Bob", how="suggestion")
    store.label(dataset.id, [1], "very good", who="Ann")
    store.label(dataset.id, [3], None, who="=Cy")
    store.label(dataset.id, [2], "very good", who="Bob")
    store.mark(dataset.id, [2], "settle", label="=bad", who="Bob")
    store.mark(dataset.id, [5, 6], "skip", who="Ann")
    store.label(dataset.id, [6], "mixed", who="Bob")
    store.mark(dataset.id, [6, 7], "flag", who="Ann")
    store.mark(dataset.id, [8], "exclude", who="Bob", how="remedy")
    store.note(dataset.id, 9, '=a note, "quoted"\nof two lines', who="Ann")
    store.note(dataset.id, 1, "好", who="Bob")
    store.label(dataset.id, [10], "mixed", who="Ann")
    store.undo(dataset.id, who="Ann")
    return store


def test_the_table_says_who_said_what(busy, dataset):
    table = export_table(busy, dataset)
    assert set(table["row"]) == set(range(N))
    of = {row: lines.to_dict(orient="records") for row, lines in table.groupby("row")}
    assert [(line["label"], line["who"], line["how"], line["status"]) for line in of[1]] == [
        ("=bad", "Bob", "suggestion", "labeled"),
        ("very good", "Ann", "typed", "labeled"),
    ]
    assert [(line["label"], line["status"]) for line in of[2]] == [
        ("mixed", "labeled"),
        ("very good", "labeled"),
        ("=bad", "settled"),
    ]
    assert [(line["label"], line["who"], line["status"]) for line in of[10]] == [("=bad", "", "file")]
    assert [(line["label"], line["status"]) for line in of[12]] == [("very good", "file")]
    assert [(line["who"], line["status"]) for line in of[5]] == [("Ann", "unlabeled skipped")]
    assert [(line["label"], line["status"]) for line in of[3]] == [("", "cleared")]
    assert [line["status"] for line in of[8]] == ["unlabeled excluded"]


@pytest.mark.parametrize("form", FORMS)
def test_what_went_out_comes_back_the_same(form, busy, dataset, fast):
    content = export_labels(busy, dataset, form=form)
    other = make_store(dataset, fast, "other")
    other.rename_class(dataset.id, "good", "very good", who="Ann")
    done = import_labels(
        other, dataset, content, name=FILES.get(form, "l.json"), form=form, who="Dee", add_classes=True
    )
    assert done.new_classes == ("mixed",)
    assert export_labels(other, dataset, form=form) == content
    columns = ["row", "label", "rule", "excluded", "flagged", "skipped", "n_opinions"]
    assert other.current(dataset.id)[columns].equals(
        busy.current(dataset.id).query("row != 10")[columns].reset_index(drop=True)
    )
    again = import_labels(other, dataset, content, name=FILES.get(form, "l.json"), form=form, who="Dee")
    assert (again.n_events, again.n_unchanged) == (0, done.n_events)


def test_formulas_in_a_csv_are_defused_and_come_back(busy, dataset):
    text = export_labels(busy, dataset, form="csv").decode()
    assert "'=bad" in text
    assert ",=bad" not in text
    assert '"=cmd' not in text


def test_a_plain_file_of_texts_and_labels_labels_every_such_row(dataset, fast):
    store = make_store(dataset, fast)
    content = b"text,label\nplain text 1,good\n plain  text 2 ,good\n"
    done = import_labels(store, dataset, content, name="x.csv", who="Dee")
    assert (done.n_events, done.n_lines) == (2, 2)
    assert store.opinions(dataset.id).to_numpy().tolist() == [[1, "Dee", "good"], [2, "Dee", "good"]]
    assert store.history(dataset.id)["how"].unique().tolist() == ["imported"]


def test_the_order_of_opinions_follows_their_time_and_not_their_place_in_the_file(dataset, fast):
    store = make_store(dataset, fast)
    content = b"row,label,who,when\n1,good,Ann,2026-03-02T10:00:00+00:00\n1,=bad,Bob,2026-03-01T10:00:00\n"
    import_labels(store, dataset, content, name="x.csv", who="Dee")
    assert store.current(dataset.id)["label"].tolist() == ["good"]
    assert store.history(dataset.id)["at"].iloc[0] == datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"row,label\n1,good\n99,good\n-1,good\n", r"row 2: the row 99, which .*; row 3: the row “-1”"),
        (b"row,label\n1,good\n2,nice\n3,nice\n", "rows 2, 3: the label “nice”, which is no class"),
        (b"row,text,label\n1,plain text 2,good\n", "row 1: another text"),
        (b"text,label\nnowhere,good\n", "row 1: a text that the dataset does not have"),
        (b"row,label,when\n1,good,yesterday\n", "row 1: the time “yesterday”"),
        (b"row,label,status\n1,,labeled\n", "row 1: no label"),
        (b"row,name\n1,good\n", "columns “row”, “name”"),
        (b"row,label,note\n1,nicer," + b"x" * 10_001 + b"\n", "note of row 1 has 10\u202f001"),
    ],
)
def test_what_does_not_fit_is_told_by_its_row_and_nothing_is_imported(content, said, dataset, fast):
    store = make_store(dataset, fast)
    with pytest.raises(DataError, match=said):
        import_labels(store, dataset, content, name="x.csv", who="Dee", add_classes=b"nicer" in content)
    assert store.history(dataset.id).empty
    assert [found.name for found in store.classes(dataset.id)] == list(dataset.classes)


def test_annotations_of_label_studio_come_in_with_their_people(dataset, fast):
    def choice(label):
        return {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}

    tasks = [
        {
            "id": 7,
            "data": {"text": "plain text 1"},
            "annotations": [
                {
                    "completed_by": {"id": 3, "email": "ann@example.com"},
                    "result": [choice("good")],
                    "created_at": "2026-03-01T10:00:00.123456Z",
                },
                {"completed_by": 4, "result": [choice("=bad")], "created_at": "2026-03-02T10:00:00Z"},
            ],
            "predictions": [{"result": [choice("good")]}],
        },
        {"data": {"text": "plain text 2", "row": 2}, "annotations": [{"was_cancelled": True, "result": []}]},
    ]
    store = make_store(dataset, fast)
    import_labels(store, dataset, json.dumps(tasks).encode(), name="tasks.json", who="Dee")
    assert store.opinions(dataset.id).to_numpy().tolist() == [[1, "ann@example.com", "good"], [1, "4", "=bad"]]
    assert store.current(dataset.id)["skipped"].tolist() == [False, True]


def test_what_was_labeled_in_label_studio_after_an_export_is_added_once(busy, dataset):
    tasks = json.loads(export_labels(busy, dataset, form="label-studio"))
    task = next(task for task in tasks if task["data"]["row"] == 1)
    assert [a["result"][0]["value"]["choices"] for a in task["annotations"]] == [["=bad"], ["very good"]]
    assert next(t for t in tasks if t["data"]["row"] == 12)["predictions"][0]["result"][0]["value"] == {
        "choices": ["very good"]
    }
    task["annotations"].append({**task["annotations"][0], "completed_by": {"email": "eve@example.com"}})
    done = import_labels(busy, dataset, json.dumps(tasks).encode(), name="t.json", who="Dee")
    assert done.n_events == 1
    assert "eve@example.com" in set(busy.opinions(dataset.id, [1])["who"])


def test_responses_of_argilla_come_in_with_their_people(busy, dataset):
    records = json.loads(export_labels(busy, dataset, form="argilla"))
    record = next(record for record in records if record["metadata"]["row"] == 12)
    assert record["suggestions"]["label"]["value"] == "very good"
    record["responses"] = {"label": [{"value": "mixed", "user_id": "u-1", "status": "submitted"}]}
    lines = "\n".join(json.dumps(record) for record in records).encode()
    done = import_labels(busy, dataset, lines, name="r.jsonl", form="argilla", who="Dee")
    assert done.n_events == 1
    assert busy.opinions(dataset.id, [12]).to_numpy().tolist() == [[12, "u-1", "mixed"]]


def test_what_doccano_added_comes_in(busy, dataset):
    lines = [json.loads(line) for line in export_labels(busy, dataset, form="doccano").decode().splitlines()]
    line = next(line for line in lines if line["row"] == 14)
    assert (line["label"], line["status"]) == ([], "unlabeled")
    line |= {"id": 5, "label": ["mixed"]}
    content = "\n".join(json.dumps(line) for line in lines).encode()
    assert import_labels(busy, dataset, content, name="d.jsonl", form="doccano", who="Dee").n_events == 1
    assert busy.opinions(dataset.id, [14]).to_numpy().tolist() == [[14, "Dee", "mixed"]]
    line["label"] = ["mixed", "=bad"]
    content = json.dumps(line).encode()
    with pytest.raises(DataError, match="row 1: more than one label"):
        import_labels(busy, dataset, content, name="d.jsonl", form="doccano", who="Dee")


@pytest.mark.parametrize("form", ["label-studio", "argilla", "doccano"])
@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b'["a"]', b"[" * 100_000])
def test_a_file_that_is_none_is_refused(form, content, busy, dataset):
    with pytest.raises(DataError):
        import_labels(busy, dataset, content, name="x", form=form, who="Dee")


def test_a_form_must_be_known(busy, dataset):
    with pytest.raises(UsageError, match="no form"):
        export_labels(busy, dataset, form="xml")
    with pytest.raises(UsageError, match="ending"):
        import_labels(busy, dataset, b"", name="labels", who="Dee")


def test_an_import_is_one_step(busy, dataset):
    content = b"row,label\n20,mixed\n21,mixed\n"
    import_labels(busy, dataset, content, name="x.csv", who="Dee")
    assert {event.row for event in busy.undo(dataset.id, who="Dee")} == {20, 21}
    busy.append(dataset.id, [NewEvent(row=20, kind="label", label="mixed", who="Dee")])
    assert import_labels(busy, dataset, content, name="x.csv", who="Dee").n_events == 1
