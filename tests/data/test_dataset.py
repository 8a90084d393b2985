"""Datasets: what they hold, how they are known, kept and found again."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from sentiment import data
from sentiment.errors import DataError

CSV = b"id,text,label,doc\n1,Good phone,pos,a\n2,,pos,a\n3,Bad phone,,b\n4,good phone!,neg,\n"


def dataset(content: bytes = CSV, **options: object) -> data.Dataset:
    roles = {"text": "text", "label": "label", "group": "doc", **options}
    return data.build_dataset(data.read_table(content, name="my reviews.csv"), **roles)


def test_a_dataset_holds_the_rows_and_what_they_are() -> None:
    found = dataset()
    assert found.frame.columns.tolist() == ["row", "text", "label", "group", "length", "language", "file:id"]
    assert found.frame["row"].tolist() == [0, 2, 3]
    assert found.frame["row"].dtype == np.int64
    assert found.frame["length"].dtype == np.int32
    assert found.frame["group"].fillna("-").tolist() == ["a", "b", "-"]
    assert (found.name, found.classes, found.n_rows, found.n_labeled) == ("my reviews", ("neg", "pos"), 3, 2)
    assert found.labeled["text"].tolist() == ["Good phone", "good phone!"]
    assert set(found.colours) == {"neg", "pos"}
    report = found.report
    assert (report.n_read, report.n_kept, report.n_empty, report.n_unlabeled) == (4, 3, 1, 1)
    assert (report.n_duplicates, report.n_conflicting, report.n_classes) == (1, 1, 2)


def test_the_id_is_the_contents() -> None:
    same = dataset(name="another name")
    assert dataset().id == same.id
    assert dataset().fingerprint == same.fingerprint
    others = [
        dataset(CSV.replace(b"Good", b"Fine")),
        dataset(CSV.replace(b",neg,", b",pos,")),
        dataset(label=None),
        dataset(group=None),
        dataset(mapping={"neg": "negative"}),
        dataset(CSV.replace(b"1,Good", b"9,Good")),
        dataset(CSV.replace(b"\n2,,pos,a", b"")),
    ]
    assert len({found.id for found in others} | {same.id}) == len(others) + 1


def test_the_fingerprint_tells_missing_from_empty_and_fields_from_each_other() -> None:
    def of(content: bytes) -> str:
        return data.build_dataset(data.read_table(content, name="r.jsonl"), text="text", label="label").id

    values = [b'"ab"', b'"a"', b"null"]
    lines = [b'{"text": "x", "label": "l", "note": ' + value + b"}" for value in [*values, b'""']]
    assert len({of(line) for line in lines}) == 4
    assert of(b'{"text": "ab", "label": "c"}') != of(b'{"text": "a", "label": "bc"}')


def test_a_saved_dataset_loads_equal(tmp_path: Path) -> None:
    found = dataset(
        b"id,text,label,doc,none\n" + "".join(f"{i},很好的手机 {i},{i % 5 + 1},,\n" for i in range(50)).encode()
    )
    data.save_dataset(found, tmp_path / found.id)
    loaded = data.load_dataset(tmp_path / found.id)
    assert loaded.frame.equals(found.frame)
    assert loaded.frame.dtypes.equals(found.frame.dtypes)
    assert loaded.info.__dict__ == found.info.__dict__
    assert data.load_dataset_info(tmp_path / found.id).class_counts == {str(star): 10 for star in range(1, 6)}
    assert loaded.report.mapping_offered is not None


def test_saving_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = dataset()

    def full(path: Path, value: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("sentiment.data.storage.write_json", full)
        with pytest.raises(OSError, match="No space"):
            data.save_dataset(found, tmp_path / found.id)
    assert list(tmp_path.iterdir()) == []
    data.save_dataset(found, tmp_path / found.id)
    data.save_dataset(found, tmp_path / found.id)
    assert [folder.name for folder in tmp_path.iterdir()] == [found.id]


@pytest.mark.parametrize("damage", ["cut rows", "no rows", "other json", "no json", "cut json"])
def test_a_damaged_dataset_is_told(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    data.save_dataset(dataset(), folder)
    rows, meta = folder / "rows.parquet", folder / "dataset.json"
    match damage:
        case "cut rows":
            os.truncate(rows, rows.stat().st_size // 2)
        case "no rows":
            rows.unlink()
        case "other json":
            meta.write_text("[]")
        case "no json":
            meta.unlink()
        case "cut json":
            os.truncate(meta, 40)
    with pytest.raises(DataError, match=r"damaged|not the folder"):
        data.load_dataset(folder)


def test_a_dataset_of_a_newer_version_is_not_guessed_at(tmp_path: Path) -> None:
    data.save_dataset(dataset(), tmp_path / "d")
    meta = tmp_path / "d" / "dataset.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"version": 99}))
    with pytest.raises(DataError, match="newer version"):
        data.load_dataset(tmp_path / "d")


def test_importing_proposes_what_is_not_named(tmp_path: Path, project_folder: Path) -> None:
    path = project_folder / "sample_data" / "product-reviews" / "product_reviews.csv"
    found = data.import_file(path)
    assert (found.text_column, found.label_column, found.group_column) == ("text", "label", "review")
    assert data.import_file(path, text="text").label_column is None
    assert found.language == "en"


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["这本书的质量很好", "送货很快"], "zh"),
        (["とても良いです", "電池が切れた"], "ja"),
        (["정말 좋은 제품입니다"], "ko"),
        (["I love this phone, it works very well", "The battery is bad and the screen broke"], "en"),
        (["Dieses Produkt ist wirklich sehr schlecht und teuer", "Ich bin sehr zufrieden damit"], "de"),
        (["Très bon produit, je le recommande à tous", "Je suis déçu par la qualité"], "fr"),
        (["@user http://t.co/x #zh this is a rather good airline, thanks 很好"], "en"),
        ([], "und"),
    ],
)
def test_the_language_is_recognised(texts: list[str], language: str) -> None:
    assert data.detect_language(texts) == language
    assert data.length_unit("zh") == "characters"
    assert data.length_unit("en") == "words"
    assert data.language_name("zh") == "Chinese"
