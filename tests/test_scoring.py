"""Scoring a file piece by piece gives what scoring it whole would, in little memory, whole or not at all."""

import csv
import io
import json
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from sentiment.data import read_table, streaming, write_table
from sentiment.data.streaming import head_of, open_rows
from sentiment.errors import DataError, UsageError
from sentiment.evaluation.thresholds import Rule
from sentiment.scoring import score_file, score_frame

CLASSES = ("bad", "good")
ROWS = [
    ("1", "a fine thing"),
    ("2", ""),
    ("3", '=HYPERLINK("http://evil.example")'),
    ("4", 'quoted "like" this,\nover two lines'),
    ("5", "它坏了 \u2028 und «müde»"),
    ("007", "   "),
]


def length_fn(texts):
    """A stand-in for a model: long texts are good."""
    long = np.array([min(len(text), 40) / 40 for text in texts], np.float32).reshape(-1)
    return np.stack([1 - long, long], axis=1)


def score(source, out, **options):
    return score_file(source, out, text="text", predict_fn=length_fn, classes=CLASSES, **options)


@pytest.fixture
def frame():
    return pd.DataFrame(ROWS * 7, columns=["id", "text"], dtype="str")


def saved(frame, path):
    if path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".xlsx":
        frame.to_excel(
            path, index=False, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False}}
        )
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("out", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_in_pieces_as_in_one(frame, tmp_path, monkeypatch, kind, out):
    source = saved(frame, tmp_path / f"rows{kind}")
    expected = tmp_path / f"expected{out}"
    table = read_table(source, name=source.name).frame
    write_table(score_frame(table, text="text", predict_fn=length_fn, classes=CLASSES), expected)
    monkeypatch.setattr(streaming.RowStream.chunks, "__defaults__", (5,))
    told = []
    scored = score(source, tmp_path / f"out{out}", on_progress=told.append)
    read = {
        ".parquet": lambda path: pd.read_parquet(path).to_csv(),
        ".xlsx": lambda path: pd.read_excel(path, engine="calamine", header=None).to_csv(),
    }.get(out, lambda path: path.read_bytes())
    assert read(tmp_path / f"out{out}") == read(expected)
    assert (scored.n_rows, scored.n_empty, sum(scored.counts.values())) == (42, 14, 28)
    assert [each.n_done for each in told] == [5, 10, 15, 20, 25, 30, 35, 40, 42]
    assert told[-1].share == 1.0


def test_formulas_are_defused_in_every_piece(frame, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming.RowStream.chunks, "__defaults__", (2,))
    score(saved(frame, tmp_path / "rows.csv"), tmp_path / "out.csv")
    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 43
    assert [row[1] for row in rows if "HYPERLINK" in row[1]] == ['\'=HYPERLINK("http://evil.example")'] * 7


def test_only_a_few_rows_are_in_memory(tmp_path):
    with (tmp_path / "many.csv").open("w", encoding="utf-8") as file:
        file.write("text\n")
        file.writelines(f"row number {n} {'of many ' * 20}\n" for n in range(120_000))
    size = (tmp_path / "many.csv").stat().st_size
    tracemalloc.start()
    scored = score(tmp_path / "many.csv", tmp_path / "out.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert scored.n_rows == 120_000
    assert peak < size  # 20 MB, and with the rows of the result it would be several times that
    assert (tmp_path / "out.csv").read_bytes().count(b"\r\n") == 120_001


@pytest.mark.parametrize("when", [0, 3])
def test_stopping_leaves_nothing(frame, tmp_path, monkeypatch, when):
    monkeypatch.setattr(streaming.RowStream.chunks, "__defaults__", (5,))
    told = []
    stopped = score(
        saved(frame, tmp_path / "rows.csv"),
        tmp_path / "out.csv",
        on_progress=told.append,
        should_stop=lambda: len(told) == when,
    )
    assert stopped.stopped
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["rows.csv"]


def test_a_failure_leaves_the_earlier_file_as_it_was(frame, tmp_path, monkeypatch):
    monkeypatch.setattr(streaming.RowStream.chunks, "__defaults__", (5,))
    (tmp_path / "out.csv").write_text("earlier")

    def fails_later(texts, calls=[]):  # noqa: B006 counts its calls
        calls.append(1)
        if len(calls) == 3:
            raise MemoryError
        return length_fn(texts)

    with pytest.raises(MemoryError):
        score_file(
            saved(frame, tmp_path / "rows.csv"),
            tmp_path / "out.csv",
            text="text",
            predict_fn=fails_later,
            classes=CLASSES,
        )
    assert (tmp_path / "out.csv").read_text() == "earlier"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["out.csv", "rows.csv"]


def test_a_mistake_far_down_is_told_before_anything_is_scored(tmp_path):
    rows = [json.dumps({"text": f"row {n}"}) for n in range(20_000)]
    (tmp_path / "rows.jsonl").write_text("\n".join([*rows, "{broken", *rows]), encoding="utf-8")
    with pytest.raises(DataError, match="Line 20\u202f001 is not valid JSON"):
        score_file(tmp_path / "rows.jsonl", tmp_path / "out.csv", text="text", predict_fn=None, classes=CLASSES)
    (tmp_path / "rows.csv").write_text("text\n" + "fine\n" * 30_000 + '"never closed\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"Row 30\u202f001 .* opens a quotation mark"):
        score_file(tmp_path / "rows.csv", tmp_path / "out.csv", text="text", predict_fn=None, classes=CLASSES)


def test_a_missing_column_and_a_taken_name_are_told(frame, tmp_path):
    source = saved(frame.rename(columns={"text": "review"}), tmp_path / "rows.csv")
    with pytest.raises(DataError, match=r"no column 'text'.*'id', 'review'"):
        score(source, tmp_path / "out.csv")
    source = saved(frame.rename(columns={"id": "prob_good"}), tmp_path / "rows.csv")
    with pytest.raises(UsageError, match="'prob_good' already"):
        score(source, tmp_path / "out.csv")
    with pytest.raises(DataError, match="names no format"):
        score(saved(frame, tmp_path / "rows.csv"), tmp_path / "out.exe")


def test_an_encoding_that_shows_late_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "_HEAD_BYTES", 2_000)
    monkeypatch.setattr(streaming, "_BLOCK", 4_000)
    lines = ["text", *["plain words only"] * 500, *["Größe und Qualität: schön, für müde Füße"] * 50]
    (tmp_path / "late.csv").write_bytes("\n".join(lines).encode("cp1252"))
    assert open_rows(tmp_path / "late.csv").file_format.encoding == "cp1252"
    score(tmp_path / "late.csv", tmp_path / "out.csv")
    assert "schön, für müde Füße" in (tmp_path / "out.csv").read_text(encoding="utf-8")


def test_half_a_character_in_json_is_told(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"text": "fine"}\n{"text": "\\ud83d"}\n', encoding="utf-8")
    with pytest.raises(DataError, match="Row 2 holds half of a character"):
        open_rows(tmp_path / "rows.jsonl")


def test_keys_that_come_late_are_columns_too(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming.RowStream.chunks, "__defaults__", (2,))
    (tmp_path / "rows.jsonl").write_text(
        "\n".join(['{"text": "a"}'] * 5 + ['{"text": "b", "late": "x"}']), encoding="utf-8"
    )
    score(tmp_path / "rows.jsonl", tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")["late"].tolist()[-1] == "x"


def test_a_file_without_rows_gives_one_without_rows(tmp_path):
    (tmp_path / "rows.csv").write_text("id,text\n")
    for out in ("out.csv", "out.parquet", "out.xlsx"):
        assert score(tmp_path / "rows.csv", tmp_path / out).n_rows == 0
    assert (tmp_path / "out.csv").read_text().strip() == "id,text,prediction,prob_bad,prob_good"


def test_more_rows_than_a_worksheet_holds_are_refused_at_once(tmp_path, monkeypatch):
    from sentiment.data import table_writer

    monkeypatch.setattr(table_writer, "MAX_XLSX_ROWS", 3)
    (tmp_path / "rows.csv").write_text("text\n" + "a\n" * 4)
    with pytest.raises(DataError, match="The table has 4 rows"):
        score_file(tmp_path / "rows.csv", tmp_path / "out.xlsx", text="text", predict_fn=None, classes=CLASSES)


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
def test_the_first_rows_can_be_seen_without_the_rest(frame, tmp_path, kind):
    found, head = head_of(saved(frame, tmp_path / f"rows{kind}"), name=f"rows{kind}", n_rows=4)
    assert head["text"].fillna("").tolist()[:4] == [text for _, text in ROWS[:4]]
    assert found.kind == {".tsv": "csv"}.get(kind, kind[1:])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,text\n1,a\n\n2,b\n", "1 blank line passed over."),
        ("id,text\n1,a\n\n\n2,b\n", "2 blank lines passed over."),
        ("text\na\n\nb\n", "1 blank line passed over; in a file of one column such a line may be a row"),
    ],
)
def test_blank_lines_are_told(tmp_path, content, told):
    (tmp_path / "rows.csv").write_text(content)
    scored = score(tmp_path / "rows.csv", tmp_path / "out.csv")
    assert scored.n_rows == 2
    assert scored.warnings[0].startswith(told)


def test_a_rule_chooses_the_class_and_leaves_rows_undecided(tmp_path, frame):
    frame.to_csv(tmp_path / "rows.csv", index=False)
    plain = score(tmp_path / "rows.csv", tmp_path / "plain.csv")
    ruled = score(tmp_path / "rows.csv", tmp_path / "ruled.csv", rule=Rule({"good": 0.5}, 0.9))
    table = read_table(tmp_path / "ruled.csv", name="ruled.csv").frame
    good = pd.to_numeric(table["prob_good"])
    assert (table.loc[good >= 0.5, "prediction"] == "good").all()
    assert (table.loc[good <= 0.1, "prediction"] == "bad").all()
    between = (good > 0.1) & (good < 0.5)
    assert table.loc[between, "prediction"].fillna("").eq("").all()
    assert ruled.n_undecided == between.sum() > 0
    assert ruled.n_empty == plain.n_empty == 14
    assert plain.n_undecided == 0
    assert sum(ruled.counts.values()) + ruled.n_undecided + ruled.n_empty == ruled.n_rows
