"""Columns that are too many, doubled, ragged, hostile or hard to tell apart."""

import pandas as pd
import pytest
import xlsxwriter

from sentiment import data
from sentiment.errors import DataError


def read(text: str, name: str = "r.csv") -> data.Table:
    return data.read_table(text.encode(), name=name)


def test_duplicate_and_empty_names_are_told_apart() -> None:
    table = read("text,text, text ,,label,\na,b,c,d,e,f\n")
    assert table.frame.columns.tolist() == ["text", "text (2)", "text (3)", "column 4", "label", "column 6"]
    assert table.frame.values.tolist() == [list("abcdef")]


def test_names_that_look_like_made_ones_stay_unique() -> None:
    assert read("a (2),a,a\n1,2,3\n").frame.columns.tolist() == ["a (2)", "a", "a (3)"]


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl"])
def test_ten_thousand_columns_are_refused(name: str) -> None:
    names = [f"c{i}" for i in range(10_000)]
    csv = ",".join(names) + "\n" + ",".join("1" * 10_000) + "\n"
    json = "{" + ",".join(f'"{name}": 1' for name in names) + "}\n"
    with pytest.raises(DataError, match=r"10\u202f000 (columns|keys)"):
        read(csv if name == "r.csv" else json, name)


def test_ten_thousand_columns_of_a_packed_file_are_refused(tmp_path) -> None:
    names = [f"c{i}" for i in range(10_000)]
    data.write_table(pd.DataFrame([["1"] * 10_000], columns=names), tmp_path / "r.parquet")
    with xlsxwriter.Workbook(tmp_path / "r.xlsx") as book:
        book.add_worksheet().write_row(0, 0, names)
    for name in ("r.parquet", "r.xlsx"):
        with pytest.raises(DataError, match=r"10\u202f000 columns.*At most 500"):
            data.read_table(tmp_path / name, name=name)


def test_ragged_rows_are_counted_listed_and_lose_nothing() -> None:
    table = read("id,text\n1,fine\n2\n3,one, two, three\n4,ok,,\n\n5,last\n")
    assert table.frame.values.tolist() == [
        ["1", "fine"],
        ["2", ""],
        ["3", "one, two, three"],
        ["4", "ok"],
        ["5", "last"],
    ]
    assert table.ragged_rows == (1, 2)
    told = " ".join(table.warnings)
    assert "2 rows with more or fewer fields" in told
    assert ": 2, 3." in told
    assert "1 blank line passed over" in told
    report = data.build_dataset(table, text="text").report
    assert (report.n_ragged, report.ragged_rows, report.n_empty) == (2, (1, 2), 1)


def test_many_ragged_rows_of_a_worksheet_are_counted_beyond_those_listed(tmp_path) -> None:
    path = tmp_path / "r.xlsx"
    data.write_table(pd.DataFrame([["x", "y", "z"]] * 300, columns=["a", "b", ""]), path)
    table = data.read_table(path, name="r.xlsx")
    assert table.n_ragged == 300
    assert table.ragged_rows == tuple(range(200))
    assert table.frame["b"].tolist() == ["y z"] * 300


def test_many_ragged_rows_are_counted_beyond_those_listed() -> None:
    table = read("a,b\n" + "1,2\n" * 200 + "1\n" * 120_000 + "1,2\n")
    assert table.n_ragged == 120_000
    assert len(table.ragged_rows) == 200
    assert table.frame["b"].tolist()[-2:] == ["", "2"]


@pytest.mark.parametrize(
    "content",
    [
        "id,price,when\n" + "".join(f"{i},{i}.50,2024-01-{i % 28 + 1:02d}\n" for i in range(50)),
        "link,label\n" + "".join(f"https://shop.example/{i},pos\n" for i in range(50)),
        "label,stars\n" + "positive,5\nnegative,1\n" * 30,
    ],
)
def test_a_file_without_a_text_column_is_explained(content: str) -> None:
    proposal = data.propose_columns(read(content).frame)
    assert proposal.text is None
    assert "No column looks like texts" in proposal.why


def test_importing_without_a_text_column_names_the_columns(tmp_path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("id,price\n" + "1,2\n" * 20)
    with pytest.raises(DataError, match=r"no column of texts.*“id”, “price”"):
        data.import_file(path)
    with pytest.raises(DataError, match=r"no column “review”.*“id”, “price”"):
        data.import_file(path, text="review")


@pytest.mark.parametrize("name", ["r.csv", "r.tsv", "r.xlsx", "r.jsonl", "r.parquet"])
def test_words_for_nothing_and_odd_numbers_stay_strings(name: str, tmp_path) -> None:
    values = ["NA", "null", "None", "nan", "007", "9223372036854775809", "1e5", "TRUE", "1.0"]
    path = tmp_path / name
    data.write_table(pd.DataFrame({"text": [f"a text {v}" for v in values], "label": values}), path)
    table = data.read_table(path, name=name)
    dataset = data.build_dataset(table, text="text", label="label")
    assert dataset.frame["label"].tolist() == values
    assert dataset.n_labeled == len(values)
    blank = data.read_table(b"text,label\nNA,x\nnull,y\n", name="r.csv")
    assert data.build_dataset(blank, text="text").frame["text"].tolist() == ["NA", "null"]


def test_hostile_names_are_kept_as_words() -> None:
    hostile = '<img src=x onerror="alert(1)">'
    table = read(
        f'"{hostile.replace(chr(34), chr(34) * 2)}",":red[x]\x1b[31m","a\u202eb\u200b","{"n" * 5000}"\n1,2,3,4\n'
    )
    first, second, third, fourth = table.frame.columns
    assert first == hostile
    assert second == ":red[x] [31m"
    assert third == "ab"
    assert len(fourth) == 200


def test_a_column_named_like_one_of_ours_does_not_hide_it() -> None:
    table = read("row,length,text,label,group\n9,8,good phone,pos,g\n7,6,bad phone,neg,g\n")
    frame = data.build_dataset(table, text="text", label="label").frame
    assert frame.columns.tolist() == [
        "row",
        "text",
        "label",
        "group",
        "length",
        "language",
        "file:row",
        "file:length",
        "file:group",
    ]
    assert frame["row"].tolist() == [0, 1]
    assert frame["file:row"].tolist() == ["9", "7"]


def test_one_column_can_be_only_what_it_is() -> None:
    table = read("text\ngood phone\nbad phone\n")
    with pytest.raises(DataError, match="no column “label”"):
        data.build_dataset(table, text="text", label="label")


def test_a_header_that_looks_like_a_row_is_told() -> None:
    rows = "".join(f"review number {i} is long enough,{'pos' if i % 2 else 'neg'}\n" for i in range(20))
    assert any("first row" in warning for warning in read(rows).warnings)
    assert read("text,label\n" + rows).warnings == ()
