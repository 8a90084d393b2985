"""Labels in several languages: a language with few of them is heard, and nothing else changes."""

import numpy as np
import pandas as pd
import pytest

from sentiment.data import group_duplicates, split_rows
from sentiment.errors import UsageError
from sentiment.training.config import BALANCED, LANGUAGES, FinetuneConfig
from sentiment.training.finetune import finetune
from sentiment.training.held_out import split_labeled
from sentiment.training.languages import (
    FEWEST,
    describe_languages,
    preview_languages,
    row_languages,
    stratify,
    tabulate_languages,
    weigh_languages,
)
from sentiment.training.quick import QuickHead
from sentiment.training.runs import create_run, describe_run, new_id
from sentiment.training.scores import macro_f1
from sentiment.training.text_vectors import TextVectors
from tests.training.several_languages import bilingual_dataset


def coded(**counts):
    return np.array([code for code, n in counts.items() for _ in range(n)], object)


def test_a_language_counts_by_the_square_root_of_its_labels():
    languages = coded(en=5_000, zh=200)
    weights = weigh_languages(languages, np.arange(5_200) % 2, setting=BALANCED)
    en, zh = weights[languages == "en"], weights[languages == "zh"]
    assert zh.sum() / en.sum() == pytest.approx(np.sqrt(200 / 5_000), rel=1e-4)
    assert weights.mean() == pytest.approx(1.0, rel=1e-5)
    assert (zh.mean(), en.mean()) == pytest.approx((4.333, 0.8667), rel=1e-3)  # 5,200 in shares of 1/6 and 5/6


def test_every_class_counts_in_all_as_it_did_so_that_remedies_against_imbalance_stay_right():
    rng = np.random.default_rng(0)
    languages = coded(en=900, zh=60, de=40)
    labels = np.where(languages == "en", rng.random(1_000) < 0.7, rng.random(1_000) < 0.4).astype(np.int64)
    weights = weigh_languages(languages, labels, setting=BALANCED)
    assert np.bincount(labels, weights=weights) == pytest.approx(np.bincount(labels), rel=1e-3)
    by_language = [weights[languages == code].sum() for code in ("en", "zh", "de")]
    assert np.array(by_language) / by_language[0] == pytest.approx(np.sqrt([1, 60 / 900, 40 / 900]), rel=1e-3)
    assert (weights > 0).all()


@pytest.mark.parametrize(
    ("languages", "setting"),
    [
        (coded(en=500), BALANCED),
        (coded(en=500, zh=FEWEST - 1), BALANCED),
        (coded(en=500, und=300), BALANCED),
        (coded(en=500, zh=300), "as-they-are"),
    ],
)
def test_without_a_second_language_or_as_they_are_nothing_is_weighed(languages, setting):
    labels = np.arange(len(languages)) % 2
    assert weigh_languages(languages, labels, setting=setting) is None


def test_rows_whose_language_is_not_known_keep_their_share():
    languages = coded(en=1_000, zh=100, und=300)
    weights = weigh_languages(languages, np.arange(1_400) % 2, setting=BALANCED)
    assert weights[languages == "und"].mean() == pytest.approx(1.0, rel=1e-3)


def test_the_preview_says_what_the_weights_do():
    counts = {"en": 5_000, "zh": 200, "nl": 3}
    languages = coded(**counts)
    labels = np.arange(len(languages)) % 2
    table = tabulate_languages(languages, np.array(["bad", "good"], object)[labels])
    preview = preview_languages(table, setting=BALANCED).set_index("language")
    weights = weigh_languages(languages, labels, setting=BALANCED)
    for code in counts:
        assert preview.loc[code, "weight"] == pytest.approx(weights[languages == code].mean(), rel=1e-2)
    assert preview["share"].sum() == pytest.approx(1.0)
    assert list(preview.index) == ["en", "zh", "nl"]
    assert (
        "English 5\u202f000 labels, each counts as 0.87; Chinese 200 labels, each counts as 4.3"
        in describe_languages(table, setting=BALANCED)
    )
    assert describe_languages(table, setting="as-they-are") == ""
    assert describe_languages(table.loc[["en"]], setting=BALANCED) == ""


def test_classes_may_have_the_names_of_languages():
    languages = coded(en=300, de=60)
    table = tabulate_languages(languages, np.where(np.arange(360) % 2, "en", "de"))
    preview = preview_languages(table, setting=BALANCED)
    assert preview["language"].tolist() == ["en", "de"]
    assert preview.loc[1, "weight"] > 1.5


@pytest.mark.parametrize(
    ("large", "small"),
    [((100, 700), (60, 0)), ((60, 940), (30, 0)), ((100, 700), (59, 1)), ((60, 239), (40, 0)), ((500, 0), (0, 40))],
)
def test_a_language_of_nearly_one_class_silences_no_class_of_another(large, small):
    languages = coded(en=sum(large), zh=sum(small))
    labels = np.repeat([0, 1, 0, 1], [*large, *small])
    weights = weigh_languages(languages, labels, setting=BALANCED)
    preview = preview_languages(
        tabulate_languages(languages, np.array(["bad", "good"], object)[labels]), setting=BALANCED
    ).set_index("language")
    weights = np.ones(len(labels)) if weights is None else weights
    assert np.bincount(labels, weights=weights) == pytest.approx(np.bincount(labels), rel=0.02)
    for code in ("en", "zh"):
        own = weights[languages == code]
        assert own.min() >= own.mean() / 3.01
        assert own.max() <= own.mean() * 3.01
        assert preview.loc[code, "weight"] == pytest.approx(own.mean(), rel=0.02)


def test_a_column_of_languages_is_read_and_its_absence_is_one_language():
    frame = pd.DataFrame({"text": ["a", "b"], "language": ["zh", None]})
    assert row_languages(frame).tolist() == ["zh", "und"]
    assert row_languages(frame[["text"]]).tolist() == ["und", "und"]


def test_every_part_of_a_split_has_each_class_in_each_language():
    dataset = bilingual_dataset(n_first=300, n_second=60)
    labeled = split_labeled(dataset, FinetuneConfig(seed=3))
    for part, share in ((labeled.split.test, 0.2), (labeled.split.validation, 0.1)):
        counts = labeled.frame.iloc[part].groupby(["language", "label"]).size()
        whole = labeled.frame.groupby(["language", "label"]).size()
        assert (counts - share * whole).abs().max() <= 1.0


def test_a_dataset_in_one_language_is_split_as_ever():
    dataset = bilingual_dataset(n_first=100, n_second=0)
    assert stratify(dataset.frame["label"].tolist(), row_languages(dataset.frame), np.arange(100)) == (
        dataset.frame["label"].tolist()
    )


def test_a_language_that_cannot_be_in_each_part_does_not_stop_a_split():
    """All rows of the second language are one document: only its class can be stratified."""
    dataset = bilingual_dataset(n_first=100, n_second=30, one_document=True)
    labeled = split_labeled(dataset, FinetuneConfig(seed=0))
    second = [(labeled.languages(part) == "zh").sum() for part in (labeled.split.train, labeled.split.test)]
    assert sorted(second) in ([0, 0], [0, 30])


def test_a_setting_for_languages_that_is_not_known_is_named():
    with pytest.raises(UsageError, match=f"'equally' is not known.*{'.*'.join(LANGUAGES)}"):
        FinetuneConfig(languages="equally")


def test_balanced_labels_teach_the_language_with_few_of_them_more():
    """Planted: what speaks for a class in the large language speaks against it in the small one."""
    rng = np.random.default_rng(0)
    languages = coded(en=2_000, zh=100)
    labels = rng.integers(0, 2, 2_100)
    sign = np.where(languages == "zh", -1.0, 1.0) * (2 * labels - 1)
    own = (languages == "zh") * (2.0 * labels - 1)  # the same sign in another place, as a shared space has it
    vectors = np.stack([sign, own], axis=1) + rng.normal(0, 1.0, (2_100, 2))
    heads = QuickHead(TextVectors(vectors.astype(np.float32), np.arange(2_100), ""), ("a", "b"))
    rows, zh = np.arange(2_100), languages == "zh"
    scores = {}
    for setting in LANGUAGES:
        weights = weigh_languages(languages, labels, setting=setting)
        said = heads.predict(heads.fit(rows, labels, row_weights=weights)).argmax(axis=1)
        scores[setting] = macro_f1(labels[zh], said[zh])
    assert scores[BALANCED] > scores["as-they-are"] + 0.05


def test_a_run_says_what_it_did_and_one_that_leaves_labels_as_they_are_learns_something_else(tmp_path):
    dataset = bilingual_dataset(n_first=260, n_second=60)
    said = {}
    for setting in LANGUAGES:
        config = FinetuneConfig(base="tfidf-words", languages=setting)
        info = describe_run(dataset, config, run_id=new_id(), name="run", dataset_folder=None)
        run = create_run(tmp_path / setting, info)
        settings = finetune(run, dataset).settings
        assert settings["languages"] == {"en": 182, "zh": 42}
        said[setting] = (settings["languages_reason"], run.predictions()["model:prob:positive"].to_numpy())
    assert said["as-they-are"][0] == ""
    assert "Chinese 42 labels, each counts as" in said[BALANCED][0]
    assert np.abs(said[BALANCED][1] - said["as-they-are"][1]).max() > 0.001
    assert (run.predictions()["row"].isin(dataset.frame["row"])).all()


def test_a_network_is_tuned_with_the_same_weights(tmp_path, monkeypatch):
    """What the loop is fed: every row's weight for its language."""
    from sentiment.training import tuning

    seen = {}
    monkeypatch.setattr(tuning, "Trainer", lambda *_, train, **__: seen.update(weights=train.weights) or stop())
    dataset = bilingual_dataset(n_first=150, n_second=60)
    config = FinetuneConfig(base="scratch-cnn")
    info = describe_run(dataset, config, run_id=new_id(), name="run", dataset_folder=None)
    with pytest.raises(StopIteration):
        finetune(create_run(tmp_path / "run", info), dataset)
    labeled = split_labeled(dataset, config)
    expected = weigh_languages(
        labeled.languages(labeled.split.train), labeled.labels[labeled.split.train], setting=BALANCED
    )
    np.testing.assert_array_equal(seen["weights"], expected)
    assert len(np.unique(expected.round(6))) >= 2


def stop():
    raise StopIteration


def test_a_run_from_before_rows_had_languages_goes_on_with_its_own_split_and_weights():
    """Another split would let it learn from rows that judge it."""
    dataset = bilingual_dataset(n_first=260, n_second=60)
    values = FinetuneConfig(base="tfidf-words").to_dict()
    del values["languages"]
    config = FinetuneConfig.from_dict(values)
    split = split_labeled(dataset, config).split
    groups = group_duplicates(dataset.frame["text"])
    expected = split_rows(dataset.frame["label"], groups=groups, test_fraction=0.2, validation_fraction=0.1, seed=0)
    np.testing.assert_array_equal(split.test, expected.test)
    assert not np.array_equal(split.test, split_labeled(dataset, FinetuneConfig(base="tfidf-words")).split.test)
    languages, labels = row_languages(dataset.frame), np.arange(320) % 2
    assert weigh_languages(languages, labels, setting=config.languages) is None
