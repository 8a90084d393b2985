"""Held-out rows in slices: by length, language, columns and words."""

import numpy as np
import pandas as pd

from sentiment import data
from sentiment.slicing import LANGUAGE, LENGTH, WORD, say_by_language, slice_rows, sliceable


def rows_of(texts, right):
    labels = np.where(np.arange(len(texts)) % 2, "good", "bad")
    wrong = np.where(labels == "good", "bad", "good")
    return pd.DataFrame(
        {
            "row": np.arange(len(texts)) * 3,
            "text": texts,
            "label": labels,
            "group": None,
            "model:prediction": np.where(right, labels, wrong),
        }
    )


def test_columns_lengths_and_words_are_sliced_and_the_worst_stands_for_those_like_it():
    rng = np.random.default_rng(0)
    late = rng.random(400) < 0.3
    texts = [f"{'the parcel came late' if bad else 'all was fine'} {'very ' * (i % 9)}" for i, bad in enumerate(late)]
    rows = rows_of(texts, rng.random(400) < np.where(late, 0.4, 0.95))
    frame = pd.DataFrame({"row": np.arange(1200), "text": "", "file:source": "web"})
    frame.loc[rows["row"], "file:source"] = np.where(late, "app", "web")
    found = slice_rows(rows, frame, language="en")
    assert {LENGTH, LANGUAGE, "file:source"} <= set(found.columns)
    assert {"late", "came late"} <= set(found.words)
    assert found.worst()[["column", "value"]].to_numpy().tolist() == [["file:source", "app"]]
    assert found.rows("file:source", "app").tolist() == late.tolist()
    assert found.rows(WORD, "late").tolist() == late.tolist()
    assert not found.rows(WORD, "nowhere").any()
    assert not found.rows("no column", "x").any()
    assert found.named("word=late", rows["text"]).tolist() == late.tolist()
    assert found.named("word=ARCEL", rows["text"]).tolist() == late.tolist()
    assert found.named("file:source=app", rows["text"]).tolist() == late.tolist()
    assert [found.named(name, rows["text"]) for name in ("word=nowhere", "word= ", "file:source=parcel", "late")] == [
        None
    ] * 4


def test_languages_are_those_of_the_dataset_for_any_number_of_rows():
    n = 6_000
    rows = rows_of(["plain english words"] * n, np.ones(n, bool))
    languages = np.where(np.arange(3 * n) % 2, "nl", "en")  # as somebody has corrected them
    frame = pd.DataFrame({"row": np.arange(3 * n)[::-1], "text": "", "language": languages[::-1]})
    found = slice_rows(rows, frame, language="en")
    assert int(found.rows(LANGUAGE, "Dutch").sum()) == int((rows["row"] % 2).sum()) == n // 2
    assert int(found.rows(LANGUAGE, "English").sum()) == n // 2


def test_how_right_it_is_in_each_language_is_said_where_two_have_enough_rows():
    languages = np.repeat(["en", "zh", "fr"], [200, 50, 5])
    right = np.concatenate([np.arange(200) % 4 > 0, np.arange(50) % 2 > 0, np.ones(5, bool)])
    rows = rows_of(["words"] * 255, right)
    frame = pd.DataFrame({"row": rows["row"], "text": "", "language": languages})
    assert say_by_language(slice_rows(rows, frame, language="en")) == (
        "By language: right on 75 % of 200 English rows (69 to 80) and on 50 % of 50 Chinese rows (37 to 63)."
    )
    few = frame.assign(language=np.repeat(["en", "zh"], [240, 15]))
    assert say_by_language(slice_rows(rows, few, language="en")) == ""


def test_a_column_of_the_file_that_says_the_language_is_no_second_slice(tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("text,lang,shop\nall good,en,a\ngut,de,b\n")
    named = data.import_file(path, text="text", language="lang")
    assert "file:lang" not in sliceable(named)
    assert {"file:shop", "language"} <= set(sliceable(named))
    assert "file:lang" in sliceable(data.import_file(path, text="text"))


def test_languages_are_told_by_the_texts_where_there_is_no_dataset_any_more():
    rows = rows_of(["sorry, this is no good", "it works for me", "这个产品很好我很喜欢"] * 30, np.ones(90, bool))
    found = slice_rows(rows, None, language="en")
    counts = {name: int(found.rows(LANGUAGE, name).sum()) for name in found.columns[LANGUAGE].names}
    assert counts == {"English": 60, "Chinese": 30}


def test_a_column_of_the_labels_is_no_slice():
    rows = rows_of(["some text"] * 100, np.ones(100, bool))
    frame = pd.DataFrame({"row": rows["row"], "file:truth": rows["label"], "file:stars": np.arange(100) % 5})
    found = slice_rows(rows, frame, language="en", classes=("bad", "good"))
    assert "file:truth" not in found.columns
    assert "file:stars" in found.columns


def test_empty_texts_are_no_trouble():
    assert slice_rows(rows_of([""] * 30, np.ones(30, bool)), None, language="und").worst().empty
