"""Bad inputs: workbooks. What inflates, lies, hides or is no workbook is refused or told; the rest is read."""

import io
import re
import struct
import zipfile

import pytest
import xlsxwriter

from sentiment import data
from sentiment.errors import DataError
from tests.workbook_files import repack, workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
SMALL = data.Limits(max_rows=100, max_columns=10, max_inflated_bytes=3_000_000, max_inflated_ratio=50, max_cells=5_000)


def test_an_ordinary_workbook_is_read_as_text() -> None:
    import datetime as dt

    content = workbook([["text", "label", "when"], ["007", 5.0, "NA"], ["1.50", 2.5, True], ["x", 1, None]])
    table = data.read_table(content, name="r.xlsx")
    assert table.frame.values.tolist() == [["007", "5", "NA"], ["1.50", "2.5", "TRUE"], ["x", "1", ""]]
    assert table.sheets == ("reviews",)

    def date(book: xlsxwriter.Workbook) -> None:
        book.get_worksheet_by_name("reviews").write_datetime(
            1, 0, dt.datetime(2024, 5, 1, 12), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        )

    assert data.read_table(workbook(edit=date), name="r.xlsx").frame["text"].iloc[0] == "2024-05-01 12:00:00"


def test_an_inflating_workbook_is_refused_from_its_directory() -> None:
    bomb = repack(workbook(), lambda name, part: part + b" " * 20_000_000 if "sheet1" in name else part)
    assert len(bomb) < 100_000
    with pytest.raises(DataError, match="unpacks to"):
        data.read_table(bomb, name="r.xlsx", limits=SMALL)
    with pytest.raises(DataError, match="times its size"):
        data.read_table(bomb, name="r.xlsx")


def test_a_workbook_that_lies_about_a_size_is_refused() -> None:
    bomb = bytearray(repack(workbook(), lambda name, part: part + b" " * 20_000_000 if "sheet1" in name else part))
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    honest = struct.pack("<L", info.file_size)
    assert bomb.count(honest) == 2
    with pytest.raises(DataError, match="lies about its size"):
        data.read_table(bytes(bomb.replace(honest, struct.pack("<L", 1000))), name="r.xlsx")
    packed = struct.pack("<L", info.compress_size)
    with pytest.raises(DataError, match="times its size"):
        data.read_table(bytes(bomb.replace(packed, struct.pack("<L", 0))), name="r.xlsx")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_entities_in_a_workbook_are_refused(encoding: str) -> None:
    doctype = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'

    def define(name: str, part: bytes) -> bytes:
        if name != "xl/sharedStrings.xml":
            return part
        body = part.split(b"?>", 1)[1]
        return (doctype + body).decode().encode(encoding)

    with pytest.raises(DataError, match="entities"):
        data.read_table(repack(workbook(), define), name="r.xlsx")


@pytest.mark.parametrize(
    ("stream", "what"), [("EncryptedPackage", "password"), ("Workbook", "old .xls"), ("WordDocument", "old Office")]
)
def test_old_and_protected_office_files_are_named(stream: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        data.read_table(OLE + stream.encode("utf-16-le"), name="r.xlsx")


@pytest.mark.parametrize(
    ("part", "what"),
    [("word/document.xml", "Word"), ("mimetype", "OpenDocument"), ("x.csv", "zip"), ("xl/workbook.bin", "binary")],
)
def test_a_zip_that_is_no_workbook_is_named(part: str, what: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(part, "text,label")
    with pytest.raises(DataError, match=what):
        data.read_table(buffer.getvalue(), name="r.xlsx")


def test_blank_rows_hidden_sheets_and_uncomputed_formulas_are_told() -> None:
    def edit(book: xlsxwriter.Workbook) -> None:
        sheet = book.get_worksheet_by_name("reviews")
        sheet.write_formula(3, 0, '=CONCATENATE("a","b")', value="")
        sheet.write(3, 1, "positive")
        sheet.write(1_000, 0, "far below")
        book.add_worksheet("secret").hide()

    content = repack(workbook(edit=edit), lambda name, part: part.replace(b"<v></v>", b""))
    table = data.read_table(content, name="r.xlsx")
    assert table.frame["text"].tolist() == ["good phone", "bad phone", "", "far below"]
    told = " ".join(table.warnings)
    assert "blank lines" in told
    assert "secret" in told
    assert "1 formula without a stored value" in told


def test_a_stray_cell_far_away_does_not_fill_the_memory() -> None:
    def edit(book: xlsxwriter.Workbook) -> None:
        book.get_worksheet_by_name("reviews").write(1_000_000, 200, "stray")

    with pytest.raises(DataError, match="spans 1\u202f000\u202f001 rows and 201 columns"):
        data.read_table(workbook(edit=edit), name="r.xlsx")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<c r="A2"', b'<c r="A99999999999"'),
        (b'<c r="A2"', b'<c r="AAAAAAAA2"'),
        (b'<c r="A2"', b'<c r="zzz9999999"'),
        (b'<c r="A2"', b'<c r = "ZZZ9999999"'),
        (b'<c r="A2"', b'<c a=">" r="ZZZ9999999"'),
        (b'<c r="A2"', b"""<c a=' r="A2"' r="ZZZ9999999\""""),
        (b'<c r="A2"', b'<c r="A2" r="ZZZ9999999"'),
        (b'<c r="A2"', b'<c r="&#90;ZZ9999999"'),
        (b'<c r="A2"', b"<c " + b" " * 3_000_000 + b'r = "ZZZ9999999"'),
        (b'<row r="2"', b'<row r="99999999999"'),
        (b'<row r="2" spans="1:2"><c r="A2"', b'<row r="9999999" spans="1:2"><c/><c/><c'),
    ],
)
def test_a_cell_at_a_place_written_in_no_usual_way_does_not_fill_the_memory(old: bytes, new: bytes) -> None:
    # What the parser would do with such a place is not known beforehand, and running out of memory ends the server.
    content = repack(workbook(), lambda name, part: part.replace(old, new) if "sheet1" in name else part)
    with pytest.raises(DataError, match="no spreadsheet program writes|spans|columns"):
        data.read_table(content, name="r.xlsx", limits=data.Limits(max_inflated_ratio=10**9))


def test_a_sheet_in_another_encoding_or_under_another_name_is_bounded_too() -> None:
    def far(part: bytes) -> bytes:
        return part.replace(b'r="A2"', b'r="ZZZ9999999"')

    wide = repack(workbook(), lambda name, part: far(part).decode().encode("utf-16") if "sheet1" in name else part)
    with pytest.raises(DataError, match="no spreadsheet program writes"):
        data.read_table(wide, name="r.xlsx")
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            part = old.read(name).replace(b"worksheets/sheet1.xml", b"worksheets/a/sheet1")
            moved = name == "xl/worksheets/sheet1.xml"
            new.writestr("xl/Worksheets/a/SHEET1" if moved else name, far(part) if moved else part)
    with pytest.raises(DataError, match="18\u202f278 columns"):
        data.read_table(buffer.getvalue(), name="r.xlsx")


def test_cells_that_do_not_say_their_place_are_read() -> None:
    content = repack(workbook(), lambda name, part: re.sub(rb' r="[A-Z]*\d+"', b"", part) if "sheet1" in name else part)
    frame = data.read_table(content, name="r.xlsx").frame
    assert frame.values.tolist() == [["good phone", "positive"], ["bad phone", "negative"]]


def test_tags_that_go_on_in_the_next_block_are_counted() -> None:
    rows = [["text", "label"], *([f"review number {i} " + "x" * 90, "positive"] for i in range(12_000))]
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": True}) as book:  # texts inside the sheet, over many blocks
        sheet = book.add_worksheet("reviews")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    assert data.read_table(buffer.getvalue(), name="r.xlsx").frame.values.tolist() == rows[1:]


def test_a_million_blank_rows_are_passed_over_and_told() -> None:
    rows = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (i, i) for i in range(4, 1_000_000))
    last = b'<row r="1000000"><c r="A1000000" t="inlineStr"><is><t>the last</t></is></c></row>'

    def fill(name: str, part: bytes) -> bytes:
        return part.replace(b"</sheetData>", rows + last + b"</sheetData>") if "sheet1" in name else part

    for content, name in (
        (repack(workbook(), fill), "r.xlsx"),
        (b"text,label\ngood,a\nbad,b\n" + b"\n" * 999_996 + b"the last,c\n", "r.csv"),
    ):
        table = data.read_table(content, name=name)
        assert table.frame["text"].iloc[-1] == "the last"
        assert len(table.frame) == 3
        assert table.warnings == ("999\u202f996 blank lines passed over.",)


def test_a_cover_sheet_is_not_taken_for_the_rows() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("Cover").write(0, 0, "Survey 2026")
        for name, n_rows in (("Rows", 5), ("Notes", 3)):
            sheet = book.add_worksheet(name)
            for number in range(n_rows):
                sheet.write(number, 0, "text" if not number else f"{name} {number}")
    table = data.read_table(buffer.getvalue(), name="survey.xlsx")
    assert table.file_format.sheet == "Rows"
    assert table.frame["text"].tolist() == [f"Rows {number}" for number in range(1, 5)]


def test_a_hidden_first_sheet_is_not_chosen_but_can_be() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        first, second = book.add_worksheet("notes"), book.add_worksheet("data")
        first.write_row(0, 0, ["secret"])
        first.write_row(1, 0, ["x"])
        second.write_row(0, 0, ["text"])
        second.write_row(1, 0, ["seen"])
        second.activate()
        second.set_first_sheet()
        first.hide()
    table = data.read_table(buffer.getvalue(), name="r.xlsx")
    assert (table.file_format.sheet, table.frame.columns.tolist()) == ("data", ["text"])
    chosen = data.read_table(buffer.getvalue(), name="r.xlsx", file_format=data.FileFormat("xlsx", sheet="notes"))
    assert chosen.frame.columns.tolist() == ["secret"]
    with pytest.raises(DataError, match="no sheet"):
        data.read_table(buffer.getvalue(), name="r.xlsx", file_format=data.FileFormat("xlsx", sheet="nope"))


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xmlQb"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_small_part_cannot_stand_in_for_a_large_one(name: str) -> None:
    buffer = io.BytesIO(workbook({"S": [["text"], *[[f"row {n}"] for n in range(40)]]}))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, b"<worksheet><sheetData/></worksheet>")
    content = buffer.getvalue().replace(b"sheet1.xmlQb", b"sheet1.xml\0b")
    with pytest.raises(DataError, match="have one name"):
        data.read_table(content, name="r.xlsx")
