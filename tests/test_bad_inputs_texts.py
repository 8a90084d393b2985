"""Texts that are blank, huge, invisible, broken, scripted or all the same."""

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from sentiment import data
from sentiment.cli import main
from sentiment.errors import DataError
from tests.refusals import assert_refused

MARKUP = [
    '<img src="http://evil.example/x.png">',
    "<script>alert(1)</script>",
    "[go](javascript:alert(1))",
    "$$x$$ :red[y] `z`",
]
FORMULAS = [
    "=1+1",
    "+1+cmd|'/c calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "\u200b=1",
    "＝1+1",
    "-",
    "=HYPERLINK(1)",
]


def dataset(texts: list[str], labels: list[str] | None = None) -> data.Dataset:
    lines = (
        json.dumps({"text": t, "label": label}) for t, label in zip(texts, labels or ["a"] * len(texts), strict=True)
    )
    return data.build_dataset(data.read_table("\n".join(lines).encode(), name="r.jsonl"), text="text", label="label")


def test_blank_texts_are_counted_left_out_and_not_lost() -> None:
    blanks = ["", "  ", "\n\t", "\u00a0\u3000", "\u200b\ufeff", "\u2028"]
    found = dataset(["first", *blanks, "last"])
    assert found.frame["text"].tolist() == ["first", "last"]
    assert found.frame["row"].tolist() == [0, 7], "row numbers still point into the file"
    assert (found.report.n_read, found.report.n_kept, found.report.n_empty) == (8, 2, 6)
    with pytest.raises(DataError, match="no text in any of its 6 rows"):
        dataset(blanks)


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl", "r.parquet"])
def test_a_huge_field_is_cut_and_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    data.write_table(pd.DataFrame({"text": ["short", "x" * 100_000_000]}), path)
    table = data.read_table(path, name=name)
    assert table.frame["text"].str.len().tolist() == [5, 100_000]
    assert any("row 2, column “text”" in warning and "100\u202f000" in warning for warning in table.warnings)


def test_the_limit_counts_characters_not_bytes() -> None:
    table = data.read_table(("text\n" + "好" * 100_000 + "\n").encode(), name="r.csv")
    assert table.frame["text"].str.len().tolist() == [100_000]
    assert table.warnings == ()


@pytest.mark.parametrize(
    "text", ["a\u200bb", "\u202eevil\u202c", "e\u0301", "👩‍👩‍👧", "\ufeffx", "ﬁ", *MARKUP, *FORMULAS[:-2], " x "]
)
def test_texts_are_stored_as_given(text: str, tmp_path: Path) -> None:
    found = dataset([text, "another"])
    data.save_dataset(found, tmp_path / found.id)
    assert data.load_dataset(tmp_path / found.id).frame["text"].tolist() == [text, "another"]


@pytest.mark.parametrize("text", ["\\ud83d", "\\udc00", "ok \\ud800 x"])
def test_half_a_character_is_an_error_at_the_edge(text: str) -> None:
    content = f'{{"text": "fine \\ud83d\\ude00"}}\n{{"text": "{text}"}}\n'.encode()
    with pytest.raises(DataError, match="Row 2, column “text”"):
        data.read_table(content, name="r.jsonl")
    with pytest.raises(DataError, match=r"The key .* surrogate"):
        data.read_table(f'{{"{text}": "x"}}\n'.encode(), name="r.jsonl")


@pytest.mark.parametrize("name", ["r.csv", "r.tsv"])
def test_formulas_are_defused_in_delimited_exports(name: str, tmp_path: Path) -> None:
    texts = [*FORMULAS, "plain", "5 = 5"]
    path = tmp_path / name
    data.write_table(pd.DataFrame({"=text": texts, "n": range(len(texts)), "x": [-1.5] * len(texts)}), path)
    back = data.read_table(path, name=name).frame
    assert back.columns.tolist() == ["'=text", "n", "x"]
    assert back["'=text"].tolist() == ["'" + text for text in FORMULAS] + ["plain", "5 = 5"]
    assert back["x"].tolist() == ["-1.5"] * len(texts), "numbers stay numbers"


def test_formulas_are_defused_in_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    data.write_table(pd.DataFrame({"text": [*FORMULAS, "http://evil.example/x", "-3", "+4.5"]}), path)
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet
    cells = [row[0] for row in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[1:]]
    assert all(str(cell).startswith("'") for cell in cells[: len(FORMULAS)])
    assert cells[-2:] == ["-3", "+4.5"]


def test_a_text_too_long_for_a_cell_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="longer than a cell"):
        data.write_table(pd.DataFrame({"text": ["x" * 32_768]}), tmp_path / "r.xlsx")
    with pytest.raises(DataError, match="names no format"):
        data.write_table(pd.DataFrame({"text": ["x"]}), tmp_path / "r.docx")
    assert list(tmp_path.glob("r.*")) == []


def test_rows_that_are_all_the_same_are_explained() -> None:
    same = dataset(["the very same words in each row"] * 30, ["a", "b"] * 15)
    assert same.report.n_duplicates == 29
    assert same.report.n_conflicting == 1
    groups = data.group_duplicates(same.frame["text"])
    with pytest.raises(DataError, match=r"in 1 group"):
        data.split_rows(same.frame["label"], groups=groups)
    assert (
        data.propose_columns(pd.DataFrame({"text": ["the very same words"] * 30, "label": ["a", "b"] * 15})).text
        == "text"
    )


def test_rows_that_are_all_the_same_end_a_run_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, run = tmp_path / "r.csv", tmp_path / "run"
    pd.DataFrame({"text": ["the very same words"] * 30, "label": ["a", "b"] * 15}).to_csv(source, index=False)
    line = assert_refused(source, "“a” (15 rows in 1 group(s))", run=run, capsys=capsys)
    assert "nearly the same text" in line


@pytest.mark.parametrize("base", ["en-cnn-reviews", "scratch-cnn", "tfidf-chars"])
def test_texts_that_nothing_is_known_of_are_run_and_told(
    base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strangers = ["".join(chr(0x13000 + (7 * i + j) % 1000) for j in range(5)) for i in range(60)]
    source, run = tmp_path / "r.csv", tmp_path / "run"
    pd.DataFrame({"text": strangers, "label": ["a", "b"] * 30}).to_csv(source, index=False)
    assert main(["finetune", str(source), "--text", "text", "--label", "label", "--out", str(run), "--base", base]) == 0
    assert ("can hardly read them" in capsys.readouterr().err) == (base == "en-cnn-reviews")


def test_texts_without_letters_have_no_language() -> None:
    assert data.detect_language(["???", "123", "👍👍", ""]) == "und"
    found = dataset(["???", "!!!", "12 34"])
    assert found.language == "und"
    assert found.report.n_duplicates == 0, "“???” is not “!!!”"
