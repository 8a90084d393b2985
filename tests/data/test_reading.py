"""Reading and writing: what goes in comes out."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment import data
from sentiment.data.streaming import head_of, open_rows
from sentiment.errors import DataError

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
COMMON = st.sampled_from(
    ["", " ", '"', '""', ",", "\n", "\r\n", "\r", "\u2028", "a,b", 'say "hi"', "NA", "\ufeff", "=1"]
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    return draw(st.lists(st.lists(CELLS | COMMON, min_size=width, max_size=width), max_size=8))


@given(tables(), st.sampled_from([",", "\t", ";", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]))
@example([["a"], ["b"]], ",", "utf-8")
def test_any_table_of_strings_reads_back_exactly(rows: list[list[str]], delimiter: str, encoding: str) -> None:
    names = [f"c{i}" for i in range(len(rows[0]) if rows else 2)]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows([names, *rows])
    chosen = data.FileFormat("csv", encoding=encoding, delimiter=delimiter)
    table = data.read_table(out.getvalue().encode(encoding), name="r.csv", file_format=chosen)
    assert table.frame.columns.tolist() == names
    assert table.frame.values.tolist() == rows
    assert table.n_ragged == 0


@pytest.mark.parametrize("name", ["r.csv", "r.tsv", "r.xlsx", "r.jsonl", "r.parquet"])
def test_every_format_that_is_written_is_detected_and_read_back(name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["Good, really\ngood", "坏的", 'say "x"; |'], "label": ["pos", "neg", "007"]})
    data.write_table(frame, tmp_path / name)
    found = data.detect_format((tmp_path / name).read_bytes(), name="no extension")
    table = data.read_table(tmp_path / name, name=name)
    assert found.kind == {"tsv": "csv"}.get(name[2:], name[2:])
    assert table.frame.astype(object).values.tolist() == frame.values.tolist()
    assert {str(kind) for kind in table.frame.dtypes} == {"str"}


def test_writing_keeps_the_file_before_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.csv"
    data.write_table(pd.DataFrame({"a": ["old"]}), path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        data.write_table(pd.DataFrame({"a": ["new"]}), path)
    assert path.read_text() == "a\nold\n"
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]


def test_a_path_and_its_bytes_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"text\na\n")
    from_path, from_bytes = data.read_table(path, name="r.csv"), data.read_table(b"text\na\n", name="r.csv")
    assert from_path.frame.equals(from_bytes.frame)
    assert from_path.file_hash == from_bytes.file_hash != data.read_table(b"text\nb\n", name="r.csv").file_hash


def test_the_row_limit_is_told() -> None:
    with pytest.raises(DataError, match="more than 3 rows"):
        data.read_table(b"text\n" + b"a\n" * 4, name="r.csv", limits=data.Limits(max_rows=3))
    assert len(data.read_table(b"text\n" + b"a\n" * 3, name="r.csv", limits=data.Limits(max_rows=3)).frame) == 3


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"id": "1_1 1_2 1_3", "text": "good one|bad one|so so", "label": "pos neg pos"}, ("text", "label", None)),
        ({"评论": "很好|不好|一般", "标签": "正面 负面 正面"}, ("评论", "标签", None)),
        (
            {"title": "ok|no|so", "review": "a long text here|a longer text|words", "stars": "5 1 5"},
            ("review", "stars", None),
        ),
    ],
)
def test_columns_are_proposed_by_content_and_name(columns: dict[str, str], expected: tuple[str | None, ...]) -> None:
    cells = {name: (values.split("|") if "|" in values else values.split()) for name, values in columns.items()}
    frame = pd.DataFrame({name: [f"{v}" for v in values * 10] for name, values in cells.items()})
    for name in frame.columns:
        if "|" in columns[name]:
            frame[name] = [f"{value} {i}" for i, value in enumerate(frame[name])]
    proposal = data.propose_columns(frame)
    assert (proposal.text, proposal.label, proposal.group) == expected


def test_a_group_is_proposed_only_where_it_groups() -> None:
    n = 400
    frame = pd.DataFrame(
        {
            "text": [f"this is review sentence {i}" for i in range(n)],
            "label": ["pos", "neg"] * (n // 2),
            "review_id": [str(i // 4) for i in range(n)],
            "product": ["phone", "case"] * (n // 2),
            "user": [f"u{i}" for i in range(n)],
        }
    )
    assert data.propose_columns(frame).group == "review_id"
    assert data.propose_columns(frame.drop(columns="review_id")).group is None


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_first_line_for_excel_names_the_delimiter_and_is_no_row(
    line: str, end: str, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(end.join([line, "text;label", "good, one, two;pos", "bad, one, two;neg", ""]).encode(encoding))
    stream = open_rows(path)
    (streamed,) = stream.chunks()
    found, head = head_of(path, name="r.csv")
    table = data.read_table(path, name="r.csv")
    for frame in (table.frame, streamed, head):
        assert frame.columns.tolist() == ["text", "label"]
        assert frame.to_numpy().tolist() == [["good, one, two", "pos"], ["bad, one, two", "neg"]]
    assert [one.delimiter for one in (table.file_format, stream.file_format, found)] == [";"] * 3
    other = data.read_table(path, name="r.csv", file_format=replace(table.file_format, delimiter=","))
    assert other.frame.columns[0] == "text;label"  # whoever chooses another delimiter gets it


def test_lines_are_counted_with_the_one_for_excel() -> None:
    with pytest.raises(DataError, match="begins in line 3"):
        data.read_table(b'sep=,\ntext,label\n"a"b,pos\n', name="r.csv")


def test_a_column_that_is_called_like_that_stays() -> None:
    assert data.read_table(b"sep=;text\n1;good\n", name="r.csv").frame.columns.tolist() == ["sep=", "text"]
