"""The commands that bring labels in and out."""

import json
from pathlib import Path

import pandas as pd
import pytest

from sentiment.cli import main
from sentiment.data import import_file
from sentiment.workspace import Workspace

REVIEWS = Path(__file__).parents[2] / "sample_data" / "product-reviews" / "product_reviews.csv"


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "shop.csv"
    lines = [f"review number {i},{('bad', 'good')[i % 2]}" for i in range(10)]
    path.write_text("\n".join(["text,label", *lines]) + "\n")
    return Workspace().add_dataset(import_file(path, text="text", label="label"))[0]


def test_labels_come_in_are_counted_and_go_out(dataset, tmp_path, capsys):
    (tmp_path / "new.csv").write_text("row,label,who\n0,good,Ann\n0,bad,Bob\n2,mixed,\n")
    assert main(["labels", "import", dataset.id, str(tmp_path / "new.csv"), "--who", "Dee", "--add-classes"]) == 0
    assert "New classes: mixed" in capsys.readouterr().out
    assert main(["labels", "stats", "shop", "--json"]) == 0
    stats = json.loads(capsys.readouterr().out)
    assert stats["per_class"] == {"bad": 4, "good": 5, "mixed": 1}
    assert stats["per_person"] == {"Ann": 1, "Bob": 1, "Dee": 1}
    assert stats["disagreements"] == 1
    assert main(["labels", "stats", "shop"]) == 0
    said = capsys.readouterr().out
    assert "10 rows, 10 labeled, 0 not" in said
    assert "Krippendorff's alpha" in said
    out = tmp_path / "out.jsonl"
    assert main(["labels", "export", "shop", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(line["label"], line["who"]) for line in lines if line["row"] == 0] == [("good", "Ann"), ("bad", "Bob")]
    assert main(["labels", "export", "shop", str(tmp_path / "tasks.json"), "--format", "label-studio"]) == 0
    assert len(json.loads((tmp_path / "tasks.json").read_text())) == 10
    assert main(["labels", "import", "shop", str(out)]) == 0
    assert "0 events stored, 3 known already" in capsys.readouterr().out


def test_a_file_becomes_a_dataset_that_labels_and_pages_have(tmp_path, capsys):
    path = tmp_path / "rows.csv"
    path.write_text("words,mark,shop\n" + "".join(f"row number {i},{'ab'[i % 2]},s{i % 3}\n" for i in range(9)))
    columns = ["--text", "words", "--label", "mark", "--group", "shop"]
    assert main(["import-data", str(path), *columns, "--name", "my shop"]) == 0
    info = next(iter(Workspace().datasets()))
    assert capsys.readouterr().out == f"{info.id}: my shop, 9 rows\n"
    assert (info.name, info.classes, info.group_column) == ("my shop", ("a", "b"), "shop")
    assert main(["import-data", str(path), *columns]) == 0
    assert "was there already" in capsys.readouterr().out
    assert main(["labels", "stats", "my shop"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stats", "nowhere"], "no dataset “nowhere”"),
        (["import", "shop", "missing.csv"], "No such file"),
        (["import", "shop", "bad.csv"], "row 2: the label “nice”"),
        (["export", "shop", "out.doc"], "does not say its form"),
        (["export", "shop", "out.csv", "--format", "xml"], "is not one of"),
    ],
)
def test_a_mistake_is_one_line(arguments, said, dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("row,label\n1,good\n2,nice\n")
    assert main(["labels", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert said in error
    assert len(error.splitlines()) == 1
    assert not list(tmp_path.glob("out.*"))


@pytest.mark.slow
def test_the_queue_names_unlabeled_rows_with_what_the_model_suggests(tmp_path, capsys):
    frame = pd.read_csv(REVIEWS, dtype=str, nrows=60)
    frame.loc[8:, "label"] = None
    frame.to_csv(tmp_path / "shop.csv", index=False)
    Workspace().add_dataset(import_file(tmp_path / "shop.csv", text="text", label="label"))
    assert main(["labels", "queue", "shop", "--rows", "5", "--out", str(tmp_path / "next.csv")]) == 0
    table = pd.read_csv(tmp_path / "next.csv")
    assert len(table) == 5
    assert (table["row"] >= 8).all()
    assert set(table["suggested"]) <= {"positive", "neutral", "negative"}
    assert table["confidence"].between(0, 1).all()
    assert main(["labels", "queue", "shop", "--queue", "margin", "--rows", "3"]) == 0
    assert "confidence" in capsys.readouterr().out
    assert main(["labels", "queue", "shop", "--queue", "luck"]) == 2
