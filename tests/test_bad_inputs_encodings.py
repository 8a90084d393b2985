"""Text files in any encoding, with any line ends and delimiter: read exactly, or the place of the trouble is named."""

import codecs

import pandas as pd
import pytest

from sentiment import data
from sentiment.errors import DataError

ENGLISH = "text,label\nThe café was naïve – “great” value for €5, isn’t it?,positive\nplain line,negative\n"
CHINESE = (
    "text,label\n这本书的质量很好，编排也不错，看起来很轻松。,positive\n"
    "第一次买书就遭遇了这样的待遇，真是失望！,negative\n"
)
JAPANESE = (
    "text,label\nこの商品はとても良いです。また買いたいと思います。,positive\n"
    "電池がすぐに切れてしまい、残念でした。,negative\n"
)
RUSSIAN = "text,label\nОчень хороший товар, рекомендую всем,positive\nПлохое качество, не советую никому,negative\n"
POLISH = "text,label\nŚwietny produkt, jestem bardzo zadowolona z zakupu,positive\nNie działa, źle wykonane,negative\n"
FRENCH = "text,label\nTrès déçu par la qualité et abîmé,negative\nC'était génial à l'été,positive\n"


@pytest.mark.parametrize(
    ("text", "written", "detected"),
    [
        (ENGLISH, "utf-8", "utf-8"),
        (ENGLISH, "utf-8-sig", "utf-8-sig"),
        (ENGLISH, "utf-16", "utf-16"),
        (ENGLISH, "utf-16-le", "utf-16-le"),
        (ENGLISH, "utf-16-be", "utf-16-be"),
        (ENGLISH, "utf-32", "utf-32"),
        (CHINESE, "utf-16", "utf-16"),
        (CHINESE, "utf-16-le", "utf-16-le"),
        (ENGLISH, "cp1252", "cp1252"),
        ("text,label\nwell worth 5€,positive\na plain one,negative\n", "cp1252", "cp1252"),
        ("text,label\nit’s fine,positive\na plain one,negative\n", "cp1252", "cp1252"),
        (FRENCH, "latin-1", "cp1252"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "gbk", "gb18030"),
        (JAPANESE, "cp932", "cp932"),
        (JAPANESE, "euc_jp", "euc_jp"),
        (RUSSIAN, "cp1251", "cp1251"),
        (POLISH, "cp1250", "cp1250"),
    ],
)
def test_the_encoding_is_detected_shown_and_read(text: str, written: str, detected: str) -> None:
    content = text.replace("\n", "\r\n").encode(written)
    found = data.detect_format(content, name="r.csv")
    assert (found.kind, found.encoding, found.delimiter) == ("csv", detected, ",")
    table = data.read_table(content, name="r.csv")
    assert table.frame.columns.tolist() == ["text", "label"]
    rows = text.splitlines()
    if len({row.count(",") for row in rows}) == 1:
        assert [",".join(row) for row in table.frame.values] == rows[1:]
    told = any(detected in warning for warning in table.warnings)
    assert told == (not detected.startswith("utf"))


def test_a_chosen_encoding_wins_over_the_detected_one() -> None:
    content = "text\nŠkoda\n".encode("cp1250")
    chosen = data.FileFormat("csv", encoding="cp1250", delimiter=",")
    assert data.read_table(content, name="r.csv", file_format=chosen).frame["text"].tolist() == ["Škoda"]
    assert data.read_table("text\ncafé\n".encode(), name="r.csv").frame["text"].tolist() == ["café"]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_a_byte_order_mark_is_no_part_of_the_first_name(mark: bytes) -> None:
    encoding = "utf-8" if mark == codecs.BOM_UTF8 else "utf-16-le"
    table = data.read_table(mark + "text,label\ngood,pos\n".encode(encoding), name="r.csv")
    assert table.frame.columns.tolist() == ["text", "label"]
    lines = data.read_table(mark + '{"text": "good"}\n'.encode(encoding), name="r.jsonl")
    assert lines.frame.values.tolist() == [["good"]]


@pytest.mark.parametrize(
    ("content", "encoding", "place"),
    [
        (b"text,label\ngood,pos\nb\xffd,neg\n", "utf-8", r"byte FF at byte 21 \(line 3\)"),
        (b"text\n" + b"x" * 3_000_000 + b"\n\xc3(\n", "utf-8", r"byte C3 at byte 3\u202f000\u202f006 \(line 3\)"),
        (b"text\nab\x81c\n", "cp1252", r"byte 81 at byte 7 \(line 2\)"),
        (b"text\n\xe4\xbd", "utf-8", r"at byte 5 \(line 2\)"),
        (b"\xff\xfet\0e\0\n\0x", "utf-16", r"at byte 8"),
    ],
)
def test_a_byte_that_does_not_fit_is_named_by_its_place(content: bytes, encoding: str, place: str) -> None:
    with pytest.raises(DataError, match=place):
        data.read_table(content, name="r.csv", file_format=data.FileFormat("csv", encoding=encoding, delimiter=","))


def test_one_damaged_byte_in_utf8_does_not_garble_the_rest() -> None:
    content = CHINESE.encode() * 20
    damaged = content[:100] + b"\xff" + content[101:]
    with pytest.raises(DataError, match=r"utf-8.*(byte 9\d|byte 100)"):
        data.read_table(damaged, name="r.csv")


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13"])
def test_an_unknown_encoding_is_refused_in_words(encoding: str) -> None:
    with pytest.raises(DataError, match="no encoding known"):
        data.read_table(
            b"text\na\n", name="r.csv", file_format=data.FileFormat("csv", encoding=encoding, delimiter=",")
        )


def parquet(frame: pd.DataFrame) -> bytes:
    content = frame.to_parquet()
    assert content is not None
    return content


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"text,label\nba\0d,n\0eg\n", "r.csv"),
        (b'{"text": "ba\\u0000d", "label": "n\\u0000eg"}\n', "r.jsonl"),
        (parquet(pd.DataFrame({"text": ["ba\0d"], "label": ["n\0eg"]})), "r.parquet"),
    ],
)
def test_nul_bytes_are_made_visible_and_told(content: bytes, name: str) -> None:
    table = data.read_table(content, name=name)
    assert table.frame.values.tolist() == [["ba\u2400d", "n\u2400eg"]]
    assert any("NUL" in warning for warning in table.warnings)
    assert data.build_dataset(table, text="text", label="label").classes == ("n\u2400eg",)


def test_a_name_with_a_nul_byte_is_a_name() -> None:
    table = data.read_table(b"te\0xt,label\ngood,pos\n", name="r.csv")
    assert table.frame.columns.tolist() == ["te xt", "label"]


def test_line_ends_may_be_mixed_and_only_they_end_a_row() -> None:
    content = 'text,label\rone,1\ntwo,2\r\n"a\u2028b\u0085c\x0bd\x0c\x1ce",3\r"f\r\ng\nh",4\nlast,5'.encode()
    frame = data.read_table(content, name="r.csv").frame
    assert frame["label"].tolist() == ["1", "2", "3", "4", "5"]
    assert frame["text"].tolist()[2:] == ["a\u2028b\u0085c\x0bd\x0c\x1ce", "f\r\ng\nh", "last"]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b'text,label\na,1\nb,2\n"never closed,3\nd,4\n' + b"e,5\n" * 1000, r"[Rr]ow 3 \(it begins in line 4\)"),
        (b'text,label\n"a\nb",1\n"bad" x,2\nd,4\n', r"[Rr]ow 2 \(it begins in line 4\)"),
        (b'"text,label\na,1\n', r"header \(line 1\)"),
    ],
)
def test_an_unclosed_quotation_mark_names_its_row(content: bytes, place: str) -> None:
    chosen = data.FileFormat("csv", encoding="utf-8", delimiter=",")
    with pytest.raises(DataError, match=place):
        data.read_table(content, name="r.csv", file_format=chosen)


def test_a_tsv_without_quoting_is_read_as_it_is() -> None:
    content = b'text\tlabel\n"Great" movie\tpos\n5" screen\tneg\n"unclosed\tneg\n'
    table = data.read_table(content, name="r.tsv")
    assert table.frame["text"].tolist() == ['"Great" movie', '5" screen', '"unclosed']
    assert any("Quotation marks" in warning for warning in table.warnings)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_detected(delimiter: str) -> None:
    rows = ["id;text;label", "1;Good, really; label", '2;"Bad; not, good";neg', "3;So, so | la, la;neu"]
    content = "\n".join(row.replace("; ", "\0").replace(";", delimiter).replace("\0", "; ") for row in rows)
    if delimiter == ";":
        content = content.replace("; label", " label")
    found = data.detect_format(content.encode(), name="r.csv")
    assert found.delimiter == delimiter


def test_a_single_column_of_sentences_is_not_cut_at_commas() -> None:
    content = b"text\nGood, really good\nBad\nSo, so, la la\n"
    table = data.read_table(content, name="r.csv")
    assert table.frame["text"].tolist() == ["Good, really good", "Bad", "So, so, la la"]
    assert table.warnings == ()


def test_a_wrong_delimiter_can_be_overridden() -> None:
    content = b"text|label\na;b;c|pos\nd;e;f|neg\n"
    semicolon = data.read_table(content, name="r.csv", file_format=data.FileFormat("csv", "utf-8", ";"))
    bar = data.read_table(content, name="r.csv", file_format=data.FileFormat("csv", "utf-8", "|"))
    assert semicolon.frame.shape[1] == 1
    assert bar.frame.values.tolist() == [["a;b;c", "pos"], ["d;e;f", "neg"]]
    with pytest.raises(DataError, match="cannot separate"):
        data.read_table(content, name="r.csv", file_format=data.FileFormat("csv", "utf-8", '"'))
