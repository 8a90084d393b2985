"""The readers of bilingual dictionaries."""

import gzip

import pytest

from sentiment.errors import DataError
from sentiment.training.dictionaries import merge, parse_dictd, read_freedict, reverse, split_glosses

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
ENTRIES = (
    "schlecht /ʃlɛçt/ <adj>\n1. bad, poor [coll.]\n2. wicked\n   Synonyms: {mies}, {übel}\n see: {gut}\n",
    'Laden /ˈlaːdn/ <masc>\nshop; store\n      "einen Laden haben"  - to have a shop\n',
)


def number(value: int) -> str:
    return (number(value // 64) if value >= 64 else "") + DIGITS[value % 64]


def files(entries):
    """The lines of the index, and the entries one after another behind a header."""
    data, index = "00-database-info\nabout\n".encode(), ["00databaseinfo\tA\tW"]
    for entry in entries:
        encoded = entry.encode()
        index.append(f"{entry.split(' /')[0]}\t{number(len(data))}\t{number(len(encoded))}")
        data += encoded
    return index, data


def test_an_entry_gives_its_glosses_and_neither_examples_nor_synonyms():
    found = parse_dictd(*files(ENTRIES))
    assert found == {"schlecht": ("bad", "poor", "wicked"), "laden": ("shop", "store")}


def test_offsets_count_bytes_in_base_64():
    many = [f"wort{place} /x/\ngloss{place}\n" for place in range(300)]
    found = parse_dictd(*files([*ENTRIES, *many]))
    assert found["wort299"] == ("gloss299",)
    assert len(found) == 302


def test_a_dictionary_is_read_from_its_folder(tmp_path, monkeypatch):
    index, data = files(ENTRIES)
    (tmp_path / "freedict-aaa-bbb.index").write_text("\n".join(index), encoding="utf-8")
    (tmp_path / "freedict-aaa-bbb.dict.dz").write_bytes(gzip.compress(data))
    monkeypatch.setenv("SENTIMENT_DICTIONARIES", str(tmp_path))
    assert read_freedict("aaa", "bbb")["schlecht"][0] == "bad"
    with pytest.raises(DataError, match="freedict-aaa-ccc"):
        read_freedict("aaa", "ccc")


@pytest.mark.parametrize(
    ("line", "glosses"),
    [
        ("to run; (fig.) flee", ["run", "flee"]),
        ("1. a house, the home [arch.]", ["house", "home"]),
        ("to give sb sth", ["give"]),
        ("a word that is explained in far too many words", []),
        ("...", []),
    ],
)
def test_glosses_lose_notes_and_articles(line, glosses):
    assert split_glosses(line) == glosses


def test_a_reversed_dictionary_finds_the_word_by_its_gloss():
    assert reverse({"gut": ("good", "well"), "brav": ("good",)}) == {"good": ("gut", "brav"), "well": ("gut",)}


def test_of_two_dictionaries_the_first_speaks_first():
    assert merge({"gut": ("good",)}, {"gut": ("well", "good"), "neu": ("new",)}) == {
        "gut": ("good", "well"),
        "neu": ("new",),
    }
