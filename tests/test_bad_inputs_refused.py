"""A file that cannot be used: the same words on the page and on the command line, and nothing of it is kept."""

import json
import pickle
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import data
from sentiment.cli import main
from sentiment.workspace import Workspace
from tests.pages.conftest import words
from tests.refusals import assert_refused
from ui.panels_import import MOST_MEGABYTES

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
LABELED = b"text,label\n" + b"a good phone,pos\na bad phone,neg\n" * 20


def packed(name: str, frame: pd.DataFrame, folder: Path) -> bytes:
    data.write_table(frame, folder / name)
    return (folder / name).read_bytes()


def truncated(name: str) -> Callable[[Path], bytes]:
    def build(folder: Path) -> bytes:
        content = packed(name, pd.DataFrame({"text": [f"review number {i}" for i in range(200)]}), folder)
        return content[: len(content) // 2]

    return build


REFUSED: dict[str, tuple[str, bytes | Callable[[Path], bytes], str]] = {
    "zero-bytes": ("r.csv", b"", "is empty"),
    "png": ("r.csv", b"\x89PNG\r\n\x1a\n" + bytes(300), "a PNG picture"),
    "pickle": ("r.csv", pickle.dumps({"text": ["a"]}), "a Python pickle"),
    "encrypted-xlsx": ("r.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
    "old-xls": ("r.xlsx", OLE + "Workbook".encode("utf-16-le"), "old .xls format"),
    "truncated-xlsx": ("r.xlsx", truncated("r.xlsx"), "cut off or damaged"),
    "truncated-parquet": ("r.parquet", truncated("r.parquet"), "cut off or damaged"),
    "bad-line": ("r.jsonl", b'{"text": "a"}\n{"text": \n', "Line 2 is not valid JSON"),
    "deep-json": ("r.jsonl", b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "nested too deeply"),
    "not-a-number": ("r.jsonl", b'{"text": NaN}\n', "Line 1 holds NaN"),
    "half-a-character": ("r.jsonl", b'{"text": "\\ud800"}\n', "half of a character"),
    "undecodable": (
        "r.csv",
        "text\n".encode() + "schöne Größe\n".encode() * 20 + b"\xff\n",
        "byte FF at byte 325 (line 22)",
    ),
    "unclosed-quote": ("r.csv", b'text,label\na,1\n"never closed,2\n' + b"b,3\n" * 50, "Row 2 (it begins in line 3)"),
    "too-many-columns": ("r.csv", b",".join(b"c%d" % i for i in range(10_000)) + b"\n", "10\u202f000 columns"),
}


@pytest.fixture(params=list(REFUSED))
def refused(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, bytes, str]:
    """Name and content of a file, and what is said of it."""
    name, content, said = REFUSED[request.param]
    return name, content(tmp_path) if callable(content) else content, said


def plain(app: AppTest) -> str:
    """The words of a page as a reader sees them."""
    return words(app).replace("\\", "")


def drop(project_folder: Path, name: str, content: bytes) -> AppTest:
    app = AppTest.from_file(str(project_folder / "app.py"), default_timeout=60).run()
    return app.file_uploader[0].set_value((name, content, "text/csv")).run()


def box(app: AppTest, label: str) -> Any:
    return next(found for found in app.selectbox if found.label == label)


def can_be_imported(app: AppTest) -> bool:
    return any(found.label == "Import" for found in app.button)


def test_the_page_says_why_a_file_is_refused_and_keeps_nothing(
    refused: tuple[str, bytes, str], project_folder: Path
) -> None:
    name, content, said = refused
    app = drop(project_folder, name, content)
    assert not app.exception
    assert len(app.error) == 1
    assert said in plain(app)
    assert not can_be_imported(app)
    assert Workspace().datasets() == []
    app.file_uploader[0].set_value(("good.csv", LABELED, "text/csv")).run()
    assert not app.error, "the next file is not held up by the last one"
    assert can_be_imported(app)


def test_the_command_line_refuses_in_one_line_and_writes_nothing(
    refused: tuple[str, bytes, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, content, said = refused
    (tmp_path / name).write_bytes(content)
    assert_refused(tmp_path / name, said, run=tmp_path / "run", capsys=capsys)


@pytest.mark.parametrize("name", ["r.csv.exe", "r.zip", "r.html"])
def test_another_ending_is_refused_on_the_page(name: str, project_folder: Path) -> None:
    app = drop(project_folder, name, LABELED)
    assert not can_be_imported(app)
    assert Workspace().datasets() == []


def test_an_ending_in_capitals_is_taken_on_the_page(project_folder: Path) -> None:
    assert can_be_imported(drop(project_folder, "R.CSV", LABELED))


def test_the_server_takes_no_file_that_could_not_be_read(project_folder: Path) -> None:
    config = tomllib.loads((project_folder / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    most = config["server"]["maxUploadSize"]
    assert most >= MOST_MEGABYTES, "what the box offers is not refused afterwards"
    assert most * 1024**2 <= data.DEFAULT_LIMITS.max_file_bytes
    app = AppTest.from_file(str(project_folder / "app.py"), default_timeout=60).run()
    assert app.file_uploader[0].proto.max_upload_size_mb == MOST_MEGABYTES


def test_a_header_alone_is_told_and_not_imported(
    project_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = drop(project_folder, "r.csv", b"text,label\n")
    assert "0 rows" in plain(app)
    assert not can_be_imported(app)
    box(app, "Text").set_value("text").run()
    app.button(key="import").click().run()
    assert not app.exception
    assert "has 0 rows" in app.error[0].value
    assert Workspace().datasets() == []
    (tmp_path / "r.csv").write_bytes(b"text,label\n")
    arguments = ["--text", "text", "--label", "label", "--out", str(tmp_path / "run")]
    assert main(["finetune", str(tmp_path / "r.csv"), *arguments]) == 2
    assert "0 rows" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_file_without_texts_is_explained_and_waits_for_a_choice(project_folder: Path) -> None:
    app = drop(project_folder, "r.csv", b"id,price\n" + b"1,2\n" * 20)
    assert "No column looks like texts" in plain(app)
    assert box(app, "Text").value is None
    assert not can_be_imported(app)


@pytest.mark.parametrize(
    ("encoding", "sentence"),
    [
        ("cp1252", "Très déçu par la qualité et c'était abîmé à l'arrivée"),
        ("gb18030", "这本书的质量很好，编排也不错，看起来很轻松。"),
        ("cp932", "この商品はとても良いです。また買いたいと思います。"),
        ("utf-16", "The café was naïve"),
    ],
)
def test_the_encoding_that_was_found_is_shown_and_can_be_changed(
    encoding: str, sentence: str, project_folder: Path
) -> None:
    content = ("text,label\n" + "".join(f"{sentence} {i},{'ab'[i % 2]}\n" for i in range(10))).encode(encoding)
    app = drop(project_folder, "r.csv", content)
    assert box(app, "Encoding").value == encoding
    assert app.dataframe[0].value["text"][0] == f"{sentence} 0"
    if encoding != "utf-16":
        box(app, "Encoding").set_value("koi8_r").run()
        assert not app.exception
        assert app.dataframe[0].value["text"][0] == f"{sentence} 0".encode(encoding).decode("koi8_r")


def test_a_wrong_delimiter_is_changed_on_the_page(project_folder: Path) -> None:
    content = b"text|label\n" + b"so, so; la, la|pos\nnot, at; all, good|neg\n" * 10
    app = drop(project_folder, "r.csv", content)
    assert box(app, "Columns are separated by").value == "|"
    box(app, "Columns are separated by").set_value(";").run()
    assert not app.exception
    assert list(app.dataframe[0].value.columns) == ["text|label"]
    box(app, "Columns are separated by").set_value("|").run()
    assert app.dataframe[0].value.iloc[0].tolist() == ["so, so; la, la", "pos"]


def test_what_was_met_in_a_file_is_shown_before_and_after_its_import(project_folder: Path) -> None:
    lines = [f"this is the long text of review {i},{('good', 'bad')[i % 2]}" for i in range(20)]
    content = "\n".join(["text,label", *lines, "no label", "one, two, three", "", "nul \0 byte,good"])
    app = drop(project_folder, "r.csv", content.encode())
    met = ("2 rows with more or fewer fields than the header: 21, 22", "1 blank line passed over", "1 field with NUL")
    for said in met:
        assert said in plain(app)
    app.button(key="import").click().run()
    for said in (*met, "2 rows with more or fewer fields than the header: 21 and 22"):
        assert said in plain(app)


def test_a_label_that_is_a_text_is_refused_on_the_page(project_folder: Path) -> None:
    rows = [{"text": f"a long enough text number {i}", "label": "ab"[i % 2]} for i in range(20)]
    rows[4]["label"] = "x" * 201
    app = drop(project_folder, "r.jsonl", "\n".join(map(json.dumps, rows)).encode())
    box(app, "Label").set_value("label").run()
    app.button(key="import").click().run()
    assert not app.exception
    assert "label in row 5, column “label”, has 201 characters" in plain(app)
    assert Workspace().datasets() == []
