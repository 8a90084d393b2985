"""The language of each row: found by script and by the other rows, told by a column, counted."""

import unicodedata

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier, visit_counts

from sentiment import data
from sentiment.data import language_model as language_model_module
from sentiment.data import row_languages
from sentiment.data.language_column import is_language_column, read_languages
from sentiment.data.language_model import LanguageScorer
from sentiment.data.row_languages import identify_languages
from sentiment.data.scripts import NAMES, find_scripts
from sentiment.data.stored_languages import LANGUAGES_FILE
from sentiment.files import read_json, write_json
from sentiment.samples import list_samples

GERMAN = [
    "Das Essen war leider kalt und der Service sehr langsam.",
    "Ich bin mit dem Gerät rundum zufrieden und würde es wieder kaufen.",
    "Nach zwei Wochen war der Akku kaputt, nie wieder!",
]
ENGLISH = [
    "The screen is great but the battery died after two weeks.",
    "I am very happy with this phone and would buy it again.",
    "The parcel came late and nobody answered my mails.",
]
ONE_OF_A_SCRIPT = {
    "这个产品很好，我很喜欢": "zh",
    "この商品はとても良いです": "ja",
    "이 제품은 정말 좋아요": "ko",
    "สินค้าดีมาก": "th",
    "המסך מצוין אבל הסוללה חלשה": "he",
    "Η οθόνη είναι εξαιρετική": "el",
    "الشاشة ممتازة لكن البطارية ضعيفة جدا": "ar",
    "این محصول خیلی خوب است و می‌خواهم دوباره بخرم": "fa",
    "یہ فون بہت اچھا ہے لیکن بیٹری کمزور ہے": "ur",
    "Отличный телефон, но батарея слабая": "ru",
    "Чудовий телефон, але батарея слабка і сервіс жахливий": "uk",
    "यह फ़ोन बहुत अच्छा है": "hi",
    "ეს ტელეფონი ძალიან კარგია": "ka",
}


def languages(*texts: str) -> list[str]:
    return identify_languages(list(texts)).tolist()


@pytest.mark.parametrize(("text", "code"), ONE_OF_A_SCRIPT.items())
def test_a_row_alone_is_told_by_its_script_and_words(text, code):
    assert languages(text) == [code]


def test_rows_of_many_languages_are_told_apart():
    assert languages(*ONE_OF_A_SCRIPT, *GERMAN, *ENGLISH) == [*ONE_OF_A_SCRIPT.values(), *["de"] * 3, *["en"] * 3]


def test_languages_do_not_depend_on_how_many_rows_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch):
    texts = [*ONE_OF_A_SCRIPT, "", *GERMAN, "1", *ENGLISH] * 5
    at_once = languages(*texts)
    monkeypatch.setattr(row_languages, "_BLOCK", 7)
    monkeypatch.setattr(language_model_module, "_BLOCK", 3)
    assert languages(*texts) == at_once


def test_what_a_short_row_is_in_is_what_the_others_are_in():
    short = ["Super!", "Total gut"]
    assert languages(*GERMAN * 40, *short)[-2:] == ["de", "de"]
    assert languages(*ENGLISH * 40, *short)[-2:] != ["de", "de"]


def test_a_few_rows_of_another_language_are_found_among_many():
    found = languages(*ENGLISH * 400, *GERMAN)
    assert found == ["en"] * 1_200 + ["de"] * 3


def test_a_sample_has_the_languages_that_are_known_of_it():
    known = {"product-reviews": "en", "brand-tweets": "en", "chinese-reviews": "zh"}
    for sample in list_samples():
        if sample.name in known:
            table = data.read_table(sample.path, name=sample.path.name)
            found = identify_languages(table.frame[sample.text].dropna())
            right = (found == known[sample.name]) | (found == "und")
            assert right.mean() >= 0.99, sample.name
            assert (found == "und").mean() <= 0.03, sample.name


@pytest.mark.parametrize(
    "text", ["", "   ", "👍👍👍 🎉", "12345 €", "https://example.org/good-product", "@someone", "?!", "ok"]
)
def test_too_little_text_is_in_no_language(text):
    assert languages(text) == ["und"]
    assert languages(*ENGLISH * 5, text)[-1] in ("und", "en")


def test_the_script_of_most_of_a_row_decides():
    assert languages("这款 iPhone 13 Pro Max 很好用，推荐") == ["zh"]
    assert languages("המכשיר הזה של Sony הוא נהדר ואני מרוצה ממנו מאוד") == ["he"]
    assert languages("東京で買いました、最高です") == ["ja"]
    assert languages("I bought it in 東京 and I am very happy with this phone") == ["en"]
    assert languages("THIS IS THE WORST PHONE I EVER HAD AND THE SHOP IS NO BETTER") == ["en"]


def test_letters_and_their_accents_may_be_written_apart():
    whole = "Điện thoại này rất tốt nhưng pin yếu"
    assert languages(unicodedata.normalize("NFD", whole)) == languages(whole) == ["vi"]


def test_any_text_at_all_gets_a_language():
    strange = ["\ud800", "a\udfffb", "\x00", "\u202e\u2066", "a" * 100_000, "ø" * 100_000, None, "\U0010ffff"]
    found = identify_languages(strange)
    assert len(found) == len(strange)
    assert found.notna().all()
    assert found[6] == "und"
    assert identify_languages([]).tolist() == []


def test_what_a_long_text_is_in_is_told_by_its_beginning():
    assert languages(ENGLISH[0] * 4 + "щ" * 100_000) == languages(ENGLISH[0] * 2_000) == ["en"]


def test_scripts_are_counted_by_letters():
    texts = pa.array(["plain words", "слово", "", "a б", "漢字かな", "12 !"], pa.large_string())
    assert [NAMES[place] for place in find_scripts(texts)] == ["Latin", "Cyrillic", "", "", "Kana", ""]


def test_the_main_language_is_that_of_most_rows_and_needs_a_share():
    assert data.main_language({"en": 5, "de": 4, "und": 90}) == "en"
    assert data.main_language({"und": 3}) == data.main_language({}) == "und"
    assert data.main_language(dict.fromkeys(("en", "de", "fr", "es"), 1)) == "und"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("EN", "en"), ("en-GB", "en"), ("pt_BR", "pt"), ("German", "de"), (" chinese ", "zh"), ("deu", "de"),
        ("zh-Hans-CN", "zh"), ("nb", "no"), ("iw", "he"), ("Unknown", "und"), ("klingon", None), ("", None),
    ],
)  # fmt: skip
def test_a_language_is_known_by_its_code_or_name(said, code):
    assert data.language_code(said) == code


def test_a_column_says_the_language_and_the_text_where_it_says_nothing():
    texts = pd.Series([*ENGLISH, *GERMAN], dtype="str")
    column = pd.Series(["fr", "English", None, "de-AT", "klingon", " "], dtype="str", name="lang")
    found = read_languages(texts, column)
    assert found.codes.tolist() == ["fr", "en", "en", "de", "de", "de"]
    assert len(found.warnings) == 1
    assert "klingon" in found.warnings[0]
    assert "“lang”" in found.warnings[0]
    assert read_languages(texts, column.where(column != "klingon")).warnings == ()


def test_columns_of_languages_are_proposed_by_name_or_full_names_and_not_by_countries():
    n = 40
    texts = [f"{ENGLISH[i % 3]} {i}" for i in range(n)]
    frame = pd.DataFrame(
        {
            "text": texts,
            "country": ["de", "fr", "es", "it"] * 10,
            "locale": ["en-US", "de-DE"] * 20,
            "spoken": ["English", "German"] * 20,
            "language_model": ["big", "small"] * 20,
        }
    ).astype("str")
    assert data.propose_columns(frame).language == "locale"
    assert data.propose_columns(frame.drop(columns="locale")).language == "spoken"
    rest = data.propose_columns(frame.drop(columns=["locale", "spoken"]))
    assert rest.language is None
    assert rest.language_candidates == ("country",)
    assert not is_language_column(frame["language_model"])


def test_a_dataset_has_its_languages_and_a_column_of_them_is_part_of_what_it_is():
    frame = pd.DataFrame({"text": [*ENGLISH, *GERMAN], "lang": ["en", "en", "en", "de", "de", "nl"]})
    table = data.read_table(frame.to_csv(index=False).encode(), name="mine.csv")
    told = data.build_dataset(table, text="text")
    named = data.build_dataset(table, text="text", language="lang")
    assert (told.language_counts, told.language_column) == ({"en": 3, "de": 3}, None)
    assert (named.language_counts, named.language_column) == ({"en": 3, "de": 2, "nl": 1}, "lang")
    assert named.frame["file:lang"].tolist()[-1] == "nl"
    assert named.id != told.id
    assert named.fingerprint == told.fingerprint


def test_a_dataset_without_languages_opens_and_gets_them_once(tmp_path, monkeypatch):
    folder = older_dataset(tmp_path)
    assert data.load_dataset_info(folder).language_counts == {}
    found = data.load_dataset(folder)
    assert found.frame["language"].tolist() == ["en"] * 3 + ["de"] * 3
    assert found.frame.columns.tolist()[4:6] == ["length", "language"]
    assert data.load_dataset_info(folder).language_counts == found.language_counts == {"en": 3, "de": 3}
    monkeypatch.setattr("sentiment.data.stored_languages.identify_languages", lambda texts: pytest.fail("looked up"))
    assert data.load_dataset(folder).frame.equals(found.frame)
    (folder / LANGUAGES_FILE).write_bytes(b"damaged")
    monkeypatch.undo()
    assert data.load_dataset(folder).frame.equals(found.frame)


def test_in_demo_mode_an_older_dataset_opens_and_nothing_is_kept(tmp_path, monkeypatch):
    folder = older_dataset(tmp_path)
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    assert data.load_dataset(folder).frame["language"].tolist()[0] == "en"
    assert not (folder / LANGUAGES_FILE).exists()


def older_dataset(tmp_path):
    """A folder as a version without languages of rows wrote it."""
    table = data.read_table(pd.DataFrame({"text": [*ENGLISH, *GERMAN]}).to_csv(index=False).encode(), name="a.csv")
    folder = tmp_path / "dataset"
    data.save_dataset(data.build_dataset(table, text="text"), folder)
    rows = pd.read_parquet(folder / "rows.parquet").drop(columns="language")
    rows.to_parquet(folder / "rows.parquet", index=False)
    meta = read_json(folder / "dataset.json")
    write_json(folder / "dataset.json", {k: v for k, v in meta.items() if not k.startswith("language_")})
    return folder


def test_scores_are_those_of_the_package_text_by_text():
    model = LanguageIdentifier.from_model_file(MODEL_FILE)
    texts = [*ENGLISH, "", *GERMAN, *ONE_OF_A_SCRIPT]
    wanted = ["en", "de", "zh", "he"]
    ours = LanguageScorer(wanted).score(pa.array(texts, pa.large_string()))
    table = np.asarray(model.nb_ptc, np.float32)
    for text, row in zip(texts, ours, strict=True):
        visits = visit_counts(model.tk_nextmove, [r << 8 for r in model.tk_row], model.tk_output, text.encode()) or {}
        for code, score in zip(wanted[:2], row, strict=False):
            column = model.nb_classes.index(code)
            assert score == pytest.approx(sum(n * table[feature, column] for feature, n in visits.items()), abs=1e-2)
