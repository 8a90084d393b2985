"""Files that are not what they say, broken, or made to hurt: each is refused in words, or read within bounds."""

import io
import json
import pickle
import pickletools
import re
import uuid
import zlib
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment import data
from sentiment.data.streaming import open_rows
from sentiment.errors import DataError
from tests.workbook_files import workbook

SMALL = data.Limits(max_rows=100, max_columns=10, max_inflated_bytes=3_000_000, max_inflated_ratio=50, max_cells=5_000)


@pytest.mark.parametrize("content", [b"", b"   \r\n\n", b"\xef\xbb\xbf", b"\0\0\0\0"])
def test_an_empty_file_is_called_empty(content: bytes) -> None:
    with pytest.raises(DataError, match="is empty"):
        data.read_table(content, name="reviews.csv")


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"text,label\n", "a.csv"), (b"text\tlabel\r\n", "a.tsv"), (workbook([["text", "label"]]), "a.xlsx")],
)
def test_a_header_alone_has_0_rows(content: bytes, name: str) -> None:
    table = data.read_table(content, name=name)
    assert len(table.frame) == 0
    assert any("0 rows" in warning for warning in table.warnings)
    with pytest.raises(DataError, match="0 rows"):
        data.build_dataset(table, text="text", label="label")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "PNG"),
        (b"%PDF-1.7\n%....", "PDF"),
        (b"\x1f\x8b\x08\0\0\0", "gzip"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 50, "HDF5"),
        (b"SQLite format 3\0", "SQLite"),
        (b"<!DOCTYPE html><html><body>text,label</body></html>", "web page"),
        (pickle.dumps({"text": ["a"], "label": ["b"]}), "pickle"),
        (pickle.dumps(["text,label"], protocol=2), "pickle"),
        (pickle.dumps(["text,label"], protocol=0), "pickle"),
        (pickle.dumps(pd.DataFrame({"text": ["a"]})), "pickle"),
        (pickle.dumps(pd.DataFrame({"text": ["a"] * 2000}), protocol=0), "pickle"),
        (pickle.dumps(Decimal(1), protocol=0), "pickle"),
        (pickletools.optimize(pickle.dumps(Decimal(1), protocol=0)), "pickle"),
        (b"cos\nsystem\n(S'ls'\ntR.", "pickle"),
        (b"MZ\x90\0\x03\0\0\0", "a program"),
        (b"ORC\n\x0b\n\x05\n\x03", "an ORC file"),
        (b"GIF89a\x01\0\x01\0", "a GIF picture"),
        (b"BZh9\x17rE8P\x90\0\0\0\0", "a bzip2 archive"),
        (bytes(range(1, 32)) * 40, "not text"),
        (zlib.compress(b"text,label\n" * 1000), "not text|encoding"),
    ],
)
@pytest.mark.parametrize("name", ["reviews.csv", "reviews.xlsx", "reviews.jsonl", "reviews"])
def test_foreign_content_is_refused_whatever_its_name(content: bytes, what: str, name: str) -> None:
    with pytest.raises(DataError, match=what):
        data.read_table(content, name=name)


@pytest.mark.parametrize(
    "content",
    [
        b"comment\nGreat\nI like it\nbad\n",
        b"content\nExcellent\nIt is good\n",
        b"comment\nGreat\n(Not bad)\n",
        b"comment\nGreat\n" + b"Very good\n" * 2000,
        b"c.text\nGood\nBad one\n",
        b"ORCID,text,label\n1,good,pos\n",
        b"MZ,text,label\n1,good,pos\n",
        b"RIFF;text\n1;good\n",
        "BZh\tTexte\n1\tdéjà vu\n".encode("cp1252"),
    ],
)
def test_a_table_that_begins_like_something_else_is_read(content: bytes) -> None:
    table = data.read_table(content, name="reviews.csv")
    assert len(table.frame) == content.count(b"\n") - 1
    assert table.frame.columns[0] == re.split(r"[,;\t\n]", content.decode("cp1252"), maxsplit=1)[0]


@pytest.mark.parametrize("name", ["R.CSV", "r.Csv", "r.txt", "reviews"])
def test_the_case_of_an_extension_does_not_matter(name: str) -> None:
    assert len(data.read_table(b"text,label\ngood,pos\n", name=name).frame) == 1


@pytest.mark.parametrize("name", ["r.csv.exe", "r.zip", "r.csv.\u202eexe", "r.html", "x" * 300 + ".csv.exe"])
def test_another_extension_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="ends in"):
        data.read_table(b"text,label\ngood,pos\n", name=name)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.csv",
        "..\\..\\x.csv",
        "a\0b.csv",
        "x" * 300 + ".csv",
        "\u202egpj.csv",
        "r\udcff.csv",
        "a\nb\x1b[31m.csv",
        "..",
        "",
    ],
)
def test_a_files_name_is_only_shown(name: str) -> None:
    table = data.read_table(b"text,label\ngood phone,pos\nbad phone,neg\n", name=name)
    assert 0 < len(table.name) <= 100
    assert not set(table.name) & set("/\\\0\n\x1b\u202e")
    dataset = data.build_dataset(table, text="text", label="label")
    assert len(dataset.id) == 12
    assert set(dataset.id) <= set("0123456789abcdef")


def test_a_file_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(DataError, match="MB"):
        data.read_table(b"x" * 2_000_000, name="r.csv", limits=data.Limits(max_file_bytes=1_000_000))


def parquet(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
def test_a_truncated_file_is_refused_whole(kind: str, share: float) -> None:
    texts = pa.table({"text": [f"review number {i}" for i in range(500)]})
    content = workbook([["text"], *([f"review number {i}"] for i in range(500))]) if kind == "xlsx" else parquet(texts)
    with pytest.raises(DataError, match="cut off or damaged"):
        data.read_table(content[: int(len(content) * share)], name=f"r.{kind}")


def test_a_flipped_byte_in_a_parquet_page_is_no_traceback() -> None:
    content = bytearray(parquet(pa.table({"text": [f"review number {i}" for i in range(500)]}), compression="gzip"))
    content[200] ^= 0xFF
    with pytest.raises(DataError, match="damaged"):
        data.read_table(bytes(content), name="r.parquet")


def test_a_date_that_cannot_be_is_no_traceback() -> None:
    dates = pa.array([[0], [2**62]], pa.list_(pa.timestamp("us")))
    with pytest.raises(DataError, match="damaged"):
        data.read_table(parquet(pa.table({"text": ["a", "b"], "dates": dates})), name="r.parquet")


def test_nested_decimal_and_binary_columns_are_not_offered_as_text() -> None:
    table = pa.table(
        {
            "words": [["good", "phone"], ["bad", "phone"]] * 5,
            "price": [Decimal("12.3456789012345"), Decimal("1.1000000000000")] * 5,
            "meta": [{"a": "some long text value"}, {"a": "another long value"}] * 5,
            "blob": [b"\xff\xfe\x00\x01", b"\x80\x81"] * 5,
            "when": pd.to_datetime(["2024-01-01", "2024-01-02"] * 5),
            "text": ["good phone, works", "bad phone, broke"] * 5,
            "stars": pa.array([5, None] * 5, pa.int64()),
            "big": pa.array([2**63 + 1, 7] * 5, pa.uint64()),
            "kept": [b"plain words here", b"stored as bytes"] * 5,
        }
    )
    read = data.read_table(parquet(table), name="r.parquet")
    assert read.frame["stars"].iloc[0] == "5"
    assert read.frame["stars"].isna().sum() == 5
    assert read.frame["big"].iloc[0] == "9223372036854775809"
    assert read.frame["kept"].iloc[0] == "plain words here"
    assert any("blob" in warning for warning in read.warnings)
    proposal = data.propose_columns(read.frame)
    assert proposal.text == "text"
    assert set(proposal.text_candidates) == {"text", "kept"}


def test_periods_intervals_durations_and_uuids_are_written_as_usual(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["good phone", "bad phone", "so so"]})
    frame["month"] = pd.Series(pd.PeriodIndex(["2024-01", "2024-02", None], freq="M"))
    frame["range"] = pd.Series(pd.arrays.IntervalArray.from_tuples([(0, 1), (1, 2), None]))
    frame["took"] = pd.to_timedelta(["3s", "-25:00:00.5", None])
    table = pa.Table.from_pandas(frame)
    one = uuid.UUID(int=5)
    ids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([one.bytes, None, one.bytes], pa.binary(16)))
    long = pa.array([2**62, 1, None], pa.duration("s"))
    path = tmp_path / "r.parquet"
    path.write_bytes(parquet(table.append_column("id", ids).append_column("long", long)))
    read = data.read_table(path, name="r.parquet")
    assert read.warnings == ()
    wanted = {
        "month": ["2024-01", "2024-02", None],
        "range": ["(0.0, 1.0]", "(1.0, 2.0]", None],
        "took": ["0:00:03", "-1 day, 1:00:00.5", None],
        "id": [str(one), None, str(one)],
        "long": ["53375995583650 days, 7:45:04", "0:00:01", None],
    }
    (streamed,) = open_rows(path).chunks()
    for found in (read.frame, streamed):
        assert {name: found[name].astype(object).where(found[name].notna(), None).tolist() for name in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "said"),
    [("pandas.period", "{}"), ("pandas.period", '{"freq": "?"}'), ("pandas.interval", "[1]"), ("arrow.uuid", "x")],
)
def test_a_column_that_lies_about_its_type_is_no_traceback(name: str, said: str, tmp_path: Path) -> None:
    field = pa.field("odd", pa.int64(), metadata={"ARROW:extension:name": name, "ARROW:extension:metadata": said})
    path = tmp_path / "r.parquet"
    path.write_bytes(parquet(pa.table([pa.array([1, 2])], schema=pa.schema([field]))))
    with pytest.raises(DataError, match="damaged"):
        data.read_table(path, name="r.parquet")
    with pytest.raises(DataError, match="damaged"):
        open_rows(path)


def test_a_column_that_cannot_be_written_out_is_left_out_and_named() -> None:
    table = pa.table({"text": ["good", "bad"], "odd": pa.array([1, 2], pa.timestamp("us", "No/Where"))})
    read = data.read_table(parquet(table), name="r.parquet")
    assert read.frame["text"].tolist() == ["good", "bad"]
    assert read.frame["odd"].isna().all()
    assert any("“odd” holds values that are no text" in warning for warning in read.warnings)


def test_a_parquet_file_that_unpacks_to_too_much_is_refused() -> None:
    content = parquet(pa.table({"text": ["x" * 100_000] * 90}), compression="zstd")
    assert len(content) < 200_000
    with pytest.raises(DataError, match="unpacks to"):
        data.read_table(content, name="r.parquet", limits=SMALL)
    with pytest.raises(DataError, match="rows"):
        data.read_table(parquet(pa.table({"text": ["x"] * 101})), name="r.parquet", limits=SMALL)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ('{"text": "b", "label"', r"Line 2.*not valid JSON"),
        ("not json", r"Line 2.*not valid JSON"),
        ("[1, 2]", r"Line 2.*not a JSON object"),
        ('{"text": NaN}', r"Line 2.*NaN"),
        ('{"text": -Infinity}', r"Line 2.*Infinity"),
        ('{"text": "\\ud800"}', r"Row 2.*surrogate"),
        ('{"text": ' + "[" * 30 + "]" * 30 + "}", r"Line 2.*nested"),
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", r"Line 2.*nested"),
    ],
)
def test_a_bad_line_of_json_is_named(bad: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        data.read_table(f'{{"text": "a"}}\n{bad}\n{{"text": "c"}}\n'.encode(), name="r.jsonl")


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ('{"text": NaN}', "array holds NaN"),
        ('{"text": "b"', "array is not valid JSON"),
        ('"b"', "Item 2 of the JSON array is not a JSON object"),
        ('{"text": ' + "[" * 30 + "]" * 30 + "}", "Item 2 of the JSON array is nested"),
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", "array is nested"),
        ('{"text": "\\ud800"}', "Row 2.*surrogate"),
    ],
)
def test_a_bad_item_of_a_json_array_is_named(bad: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        data.read_table(f'[{{"text": "a"}}, {bad}]'.encode(), name="r.jsonl")


def test_numbers_in_json_stay_as_they_are_written() -> None:
    huge = "9" * 10_000
    lines = [
        '{"text": "a", "n": 9223372036854775809, "x": 1.10, "ok": true, "none": null}',
        f'{{"n": {huge}, "more": {{"a": [1]}}}}',
    ]
    frame = data.read_table("\n".join(lines).encode(), name="r.jsonl").frame
    assert frame.columns.tolist() == ["text", "n", "x", "ok", "none", "more"]
    assert frame["n"].tolist() == ["9223372036854775809", huge]
    assert frame.loc[0, ["x", "ok"]].tolist() == ["1.10", "true"]
    assert frame.loc[0, ["none", "more"]].isna().all()
    assert json.loads(frame.loc[1, "more"]) == {"a": [1]}


@pytest.mark.parametrize("name", ["r.jsonl", "r.json", "r.csv"])
def test_a_json_array_is_read_like_lines(name: str) -> None:
    content = '[\n {"text": "good", "label": "pos"},\n {"text": "bad\u2028ly", "label": "neg"}\n]\n'.encode()
    frame = data.read_table(content, name=name).frame
    assert frame.values.tolist() == [["good", "pos"], ["bad\u2028ly", "neg"]]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv does not exist"):
        data.import_file(tmp_path / "none.csv")
