"""The transfer gap: what judges is never learned from, cells are what they say, and a stopped measurement goes on."""

import dataclasses
import subprocess
import time

import numpy as np
import pandas as pd
import pytest

from sentiment.errors import DataError, RunError, UsageError
from sentiment.models.learned import write_learned
from sentiment.training import transfer_gap, transfer_gap_jobs
from sentiment.training import transfer_gap_fits as fits
from sentiment.training.held_out import hash_texts
from sentiment.training.quick import QuickHead
from sentiment.training.text_vectors import TextVectors
from sentiment.training.transfer_gap import measure, own_sizes, plan_cells
from sentiment.training.transfer_gap_folder import GapFolder, GapInfo, has_same_base, key_of, key_of_rows
from sentiment.training.transfer_gap_rows import GapRows, Target, draw_labels, find_targets, gap_rows
from sentiment.training.transfer_gap_scores import BASE_ALONE, SCRATCH_CNN, TFIDF, TRANSFER, Scorer, labels_for
from sentiment.transfer_gap import describe_choice, describe_language, gap_table, next_labels, start_gap, unseen_rows
from sentiment.workspace import Workspace
from tests.training.several_languages import bilingual_dataset, bilingual_frame

CLASSES = ("negative", "positive")
BASE = "en-cnn-reviews"


def coin(rows, target, own, **_):
    """Instead of a network that is trained from nothing: what a coin says."""
    return np.random.default_rng(len(own)).integers(0, 2, len(target.test))


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(transfer_gap, "fit_scratch", coin)


@pytest.fixture(scope="module")
def measured():
    """Rows, the cells that were noted on the way, and what came of them."""
    rows, noted = rows_of(n_first=260, n_second=260), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer_gap, "fit_scratch", coin)
        return rows, noted, measure(rows, BASE, n_draws=2, on_cell=noted.append)


def rows_of(**options):
    return gap_rows(bilingual_frame(**options), CLASSES)


def test_what_is_learned_from_is_never_tied_to_what_judges():
    frame = bilingual_frame(n_first=300, n_second=300, seed=1)
    twins = frame.iloc[300:400].assign(language="en", text=lambda part: part["text"].str.upper() + "!")
    rows = gap_rows(pd.concat([frame, twins], ignore_index=True), CLASSES)
    targets, refused = find_targets(rows)
    assert {target.language for target in targets} == {"en", "zh"}
    assert refused == {}
    for target in targets:
        judged = set(rows.groups[np.concatenate([target.test, target.validation])].tolist())
        for part in (target.pool, target.source, target.source_validation):
            assert not judged & set(rows.groups[part].tolist())
        assert not set(rows.groups[target.test]) & set(rows.groups[target.validation])
        assert set(rows.languages[np.concatenate([target.test, target.validation, target.pool])]) == {target.language}
        assert target.language not in set(rows.languages[np.concatenate([target.source, target.source_validation])])
        assert set(target.source).isdisjoint(target.source_validation)


def test_a_language_with_too_few_labels_is_told_and_slips_of_recognition_are_not():
    frame = bilingual_frame(n_first=300, n_second=60)
    slips = bilingual_frame(n_first=3, n_second=0, seed=9).assign(language="cy")
    targets, refused = find_targets(gap_rows(pd.concat([frame, slips], ignore_index=True), CLASSES))
    assert [target.language for target in targets] == ["en"]
    assert list(refused) == ["zh"]
    assert "60 Chinese labels are too few" in refused["zh"]


def test_a_small_language_has_no_validation_rows_of_its_own():
    targets, _ = find_targets(rows_of(n_first=400, n_second=120))
    by_code = {target.language: target for target in targets}
    assert len(by_code["zh"].validation) == 0
    assert len(by_code["zh"].source_validation) > 20
    assert len(by_code["en"].validation) > 20
    assert own_sizes(len(by_code["zh"].pool)) == [50, 72]


@pytest.mark.parametrize(
    ("n_pool", "sizes"), [(10, []), (30, [30]), (55, [50]), (120, [50, 120]), (200, [50, 200]), (9_000, [50, 200])]
)
def test_what_can_be_tried_with_few_labels_is_tried(n_pool, sizes):
    assert own_sizes(n_pool) == sizes


def test_draws_keep_the_shares_of_the_classes_and_smaller_ones_are_part_of_larger_ones():
    labels = np.repeat([0, 1], [900, 100])
    rows = GapRows([""] * 1_000, labels, np.full(1_000, "zh", object), np.arange(1_000), CLASSES)
    few, more = (draw_labels(rows, np.arange(1_000), n, seed=4) for n in (50, 200))
    assert set(few) < set(more)
    assert np.bincount(labels[few]).tolist() == pytest.approx([45, 5], abs=1)
    assert not np.array_equal(few, draw_labels(rows, np.arange(1_000), 50, seed=5))


def test_a_base_model_that_reads_both_languages_has_no_gap_and_says_what_chose(measured):
    _, _, result = measured
    assert {language["language"] for language in result["languages"]} == {"en", "zh"}
    zh = next(language for language in result["languages"] if language["language"] == "zh")
    cells = {(cell["kind"], cell["n_own"]): cell for cell in zh["cells"]}
    assert cells[TRANSFER, 0]["macro_f1"][0] > 0.95
    assert cells[SCRATCH_CNN, 50]["macro_f1"][0] < 0.7
    assert cells[TRANSFER, 50]["chosen_on"] == "own"
    assert cells[TRANSFER, 50]["n_chosen_on"] == zh["n_validation"] > 20
    assert cells[TRANSFER, 50]["n_draws"] == 2
    assert cells[TRANSFER, 0]["n_draws"] == 1
    for cell in cells.values():
        low, high = cell["macro_f1"][1:]
        assert 0 <= low <= cell["macro_f1"][0] <= high <= 1
    assert zh["unknown"] < 0.1
    assert "no label" not in describe_language(zh)
    table = gap_table(result)
    assert len(table) == sum(len(language["cells"]) for language in result["languages"])
    assert table["chosen"].str.len().min() > 0


def test_cells_from_before_are_not_measured_again_and_change_nothing(measured, monkeypatch):
    rows, noted, whole = measured
    for kind in ("fit_tfidf", "fit_scratch", "fit_transfer"):
        monkeypatch.setattr(transfer_gap, kind, None)
    assert measure(rows, BASE, n_draws=2, known=noted) == whole
    monkeypatch.undo()
    monkeypatch.setattr(transfer_gap, "fit_scratch", coin)
    left = [cell for cell in noted if (cell["language"], cell["kind"], cell["n_own"]) != ("zh", TRANSFER, 50)]
    again = []
    assert measure(rows, BASE, n_draws=2, known=left, on_cell=again.append) == whole
    assert [(cell["language"], cell["kind"], cell["n_own"]) for cell in again] == [("zh", TRANSFER, 50)]


def test_a_measurement_that_is_asked_to_stop_gives_nothing(quick):
    assert measure(rows_of(n_first=150, n_second=120), BASE, n_draws=2, should_stop=lambda: True) is None


def test_no_language_with_labels_enough_is_told():
    with pytest.raises(DataError, match="No language has labels enough.*60 English labels are too few"):
        measure(rows_of(n_first=60, n_second=0), BASE, n_draws=1)


def test_without_other_languages_a_base_model_starts_by_itself():
    (target,), _ = find_targets(rows_of(n_first=300, n_second=0))
    assert len(target.source) == 0
    assert (TRANSFER, 0) in list(plan_cells(target, base_knows=True))
    assert (TRANSFER, 0) not in list(plan_cells(target, base_knows=False))
    assert (TFIDF, len(target.pool)) in list(plan_cells(target, base_knows=False))


def scorer(n=400, classes=CLASSES):
    rows = GapRows([""] * n, np.arange(n) % 2, np.full(n, "zh", object), np.arange(n), classes)
    empty = np.zeros(0, np.int64)
    return Scorer(rows, Target("zh", n, np.arange(n), empty, empty, empty, empty)), rows.labels


def test_a_gain_is_paired_on_the_same_rows():
    judge, truth = scorer()
    rng = np.random.default_rng(0)
    before = np.stack([np.where(rng.random(400) < 0.3, 1 - truth, truth) for _ in range(3)])
    after = before.copy()
    for one in after:
        fixed = np.flatnonzero(one != truth)[:40]
        one[fixed] = truth[fixed]
    same, gain = judge.gain(before, before[:1].repeat(3, axis=0)), judge.gain(before, after)
    assert judge.gain(before[:1], before[:1]) == [0.0, 0.0, 0.0]
    assert same[1] < 0 < same[2]
    assert gain[1] > 0
    figures = judge.figures(after)
    assert figures["accuracy"][0] == pytest.approx((after == truth).mean())
    assert figures["macro_f1"][1] < figures["macro_f1"][0] < figures["macro_f1"][2]


def test_a_class_that_the_language_lacks_counts_in_no_figure():
    judge, truth = scorer(classes=("bad", "good", "neutral"))
    said = truth.copy()
    said[:4] = 2
    figures = judge.figures(said[None])
    assert figures["macro_f1"][0] > 0.98
    gain = judge.gain(said[None], truth[None])
    assert figures["macro_f1"][0] + gain[0] == pytest.approx(judge.figures(truth[None])["macro_f1"][0])


def test_draws_that_differ_widen_an_interval():
    judge, truth = scorer()
    wrong = lambda n: np.where(np.arange(400) < n, 1 - truth, truth)  # noqa: E731
    alike = judge.figures(np.stack([wrong(100)] * 3))["macro_f1"]
    apart = judge.figures(np.stack([wrong(60), wrong(100), wrong(140)]))["macro_f1"]
    assert alike[0] == pytest.approx(apart[0], abs=0.002)
    assert apart[2] - apart[1] > 1.5 * (alike[2] - alike[1])


def test_labels_from_nothing_are_read_off_the_curve():
    curve = [(50, 0.6), (200, 0.7), (800, 0.8)]
    assert labels_for(0.55, curve) == 50
    assert labels_for(0.65, curve) == 100  # half way between the logarithms of 50 and 200
    assert labels_for(0.8, curve) == 800
    assert labels_for(0.81, curve) is None
    assert labels_for(0.7, []) is None


def language_with(*, gain, scratch, chosen="as they are", chosen_on="own", n_source=500):
    cells = [
        {"kind": TRANSFER, "n_own": n, "macro_f1": [value, value - 0.03, value + 0.03], "chosen": chosen,
         "chosen_on": chosen_on, "n_chosen_on": 60}
        for n, value in ((0, 0.62), (200, 0.68))
    ]  # fmt: skip
    cells.append({**cells[0], "kind": TFIDF, "n_own": 1_500, "chosen": "", "chosen_on": "none"})
    return {
        "language": "zh",
        "n_labels": 2_000,
        "n_source": n_source,
        "cells": cells,
        "gains": [{"from": 0, "to": 200, "macro_f1": gain}],
        "scratch": [{"n_own": 0, "labels": 90}, {"n_own": 200, "labels": scratch}],
    }


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            language_with(gain=[0.06, 0.04, 0.08], scratch=731),
            "Chinese: from the other languages' labels alone, the base model reaches macro-F1 62\u202f% (59 to 65). "
            "200 Chinese labels bring 6 points (+4 to +8). From nothing you would need about 730 for as much.",
        ),
        (
            language_with(gain=[0.01, -0.02, 0.04], scratch=None),
            "200 Chinese labels make no difference that could be told (−2 to +4 points). "
            "From nothing, all 1\u202f500 labels that are not held out do not get as far.",
        ),
        (
            language_with(gain=[0.06, 0.04, 0.08], scratch=120),
            "From nothing, 120 labels get as far: this base model does not help here.",
        ),
        (language_with(gain=[0.06, 0.04, 0.08], scratch=731, n_source=0), "Chinese: by itself, the base model"),
        (
            language_with(gain=[0.0, 0.0, 0.0], scratch=731, chosen=BASE_ALONE),
            "Chinese: by itself, the base model reaches macro-F1 62\u202f% (59 to 65). "
            "With 200 Chinese labels it is still best left as it is.",
        ),
    ],
)
def test_the_verdict_says_what_labels_bring(language, said):
    assert said in describe_language(language)


@pytest.mark.parametrize(
    ("n_labels", "n_pool", "advised"),
    [
        (199, 99, 204),
        (100, 60, 234),
        (390, 195, 20),
        (400, 200, 200),
        (2_000, 1_000, 200),
        (100, 0, 400),
        (300, 200, 200),
    ],
)
def test_so_many_labels_are_advised_that_the_most_that_is_tried_can_be_drawn(n_labels, n_pool, advised):
    """Counted from all labels, the one with 199 would be told to give one, which brings no cell nearer."""
    assert next_labels({"n_labels": n_labels, "n_pool": n_pool}) == advised
    if 0 < n_pool < 200:
        assert n_pool + advised * n_pool / n_labels >= 200


def test_every_cell_says_by_which_rows_it_was_chosen():
    cell = {"chosen": "as they are", "chosen_on": "own", "n_chosen_on": 60}
    assert describe_choice(cell, "zh") == "as they are, chosen on 60 Chinese rows"
    assert "60 rows of the other languages, for want of Chinese ones" in describe_choice(
        {**cell, "chosen_on": "others"}, "zh"
    )
    assert describe_choice({**cell, "chosen": "", "chosen_on": "none"}, "zh") == "nothing to choose"


def test_a_folder_keeps_cells_of_the_very_same_measurement_alone(tmp_path):
    rows = bilingual_frame(n_first=5, n_second=5).assign(row=np.arange(10))
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    keys = [key_of(rows, classes=CLASSES, model=model, n_draws=n) for n in (2, 2, 3)]
    assert keys[0] == keys[1] != keys[2]
    assert keys[0] != key_of(rows.assign(label="negative"), classes=CLASSES, model=model, n_draws=2)
    info = GapInfo(BASE, "Base", CLASSES, 2, keys[0], key_of_rows(rows))
    assert has_same_base(info, model)
    (model / "config.json").write_text("[]")
    assert not has_same_base(info, model)
    assert has_same_base(dataclasses.replace(info, rows=""), model)  # of before: nothing to tell it by
    gap = GapFolder(tmp_path / "gap")
    gap.create(GapInfo(BASE, "Base", CLASSES, 2, keys[0]), rows)
    gap.add_cell({"language": "zh"})
    with (gap.folder / "cells.jsonl").open("a") as file:
        file.write('{"language": "e')  # cut off
    gap.create(GapInfo(BASE, "Base", CLASSES, 2, keys[0]), rows)
    assert gap.cells() == [{"language": "zh"}]
    assert gap.info.classes == CLASSES
    gap.add_cell({"language": "de"})
    assert gap.cells() == [{"language": "zh"}, {"language": "de"}]
    gap.create(GapInfo(BASE, "Base", CLASSES, 3, keys[2]), rows)
    assert gap.cells() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"languages": 3}', '{"base": "x"}', "null"])
def test_a_damaged_folder_is_an_empty_one(tmp_path, content):
    for name in ("gap.json", "state.json", "result.json"):
        (tmp_path / name).write_text(content)
    gap = GapFolder(tmp_path)
    assert gap.result is None
    assert gap.info is None
    assert transfer_gap_jobs.read_state(gap) is None or not transfer_gap_jobs.read_state(gap).message


def test_a_run_that_learned_from_the_rows_is_no_base_to_judge_on_them(monkeypatch, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    rows = pd.DataFrame({"text": [f"text {i}" for i in range(40)]})
    write_learned(tmp_path, hash_texts(rows["text"][:3]))
    assert unseen_rows(str(tmp_path), rows)["text"].tolist() == rows["text"][3:].tolist()
    write_learned(tmp_path, hash_texts(rows["text"][:7]))
    with pytest.raises(UsageError, match="has learned from 7 of these 40 rows"):
        unseen_rows(str(tmp_path), rows)
    assert len(unseen_rows(BASE, rows)) == 40


def test_a_measurement_whose_process_is_gone_is_interrupted(workspace_folder, monkeypatch):
    workspace = Workspace()
    info, _ = workspace.add_dataset(bilingual_dataset(n_first=120, n_second=120))
    monkeypatch.setattr(transfer_gap_jobs, "note_worker", lambda folder, process: process.wait())
    monkeypatch.setattr(transfer_gap_jobs, "spawn", lambda *_, **__: subprocess.Popen(["true"]))
    gap = start_gap(workspace, info.id, BASE)
    (gap.folder / "process.json").write_text('{"pid": 999999, "created": 0}')
    assert transfer_gap_jobs.read_state(gap).status == "interrupted"


def test_one_that_is_being_measured_keeps_its_rows_when_labels_change_and_somebody_starts_it_again(
    workspace_folder, monkeypatch
):
    """Its cells would stand beside rows that they were not measured on."""
    workspace = Workspace()
    info, _ = workspace.add_dataset(bilingual_dataset(n_first=120, n_second=120))
    monkeypatch.setattr(transfer_gap_jobs, "spawn", lambda *_, **__: subprocess.Popen(["sleep", "60"]))
    gap = start_gap(workspace, info.id, BASE)
    gap.add_cell({"language": "en"})
    before = gap.info
    workspace.languages.change(info.id, "de", found="zh")
    with pytest.raises(RunError, match="being measured already"):
        start_gap(workspace, info.id, BASE)
    assert (gap.info, gap.cells()) == (before, [{"language": "en"}])
    transfer_gap_jobs.stop(gap)
    start_gap(workspace, info.id, BASE)
    assert gap.info.key != before.key
    assert gap.cells() == []
    transfer_gap_jobs.stop(gap)


@pytest.mark.slow
def test_in_the_background_it_is_stopped_goes_on_and_ends(workspace_folder):
    workspace = Workspace()
    info, _ = workspace.add_dataset(bilingual_dataset(n_first=140, n_second=110))
    gap = start_gap(workspace, info.id, BASE, n_draws=2)
    _wait(gap, lambda: len(gap.cells()) >= 2)
    transfer_gap_jobs.stop(gap)
    assert transfer_gap_jobs.read_state(gap).status == "stopped"
    assert gap.result is None
    before = len(gap.cells())
    assert start_gap(workspace, info.id, BASE, n_draws=2).folder == gap.folder
    _wait(gap, lambda: not transfer_gap_jobs.read_state(gap).active)
    state = transfer_gap_jobs.read_state(gap)
    assert state.status == "finished", (gap.folder / "log.txt").read_text()
    assert {language["language"] for language in gap.result["languages"]} == {"en", "zh"}
    assert len(gap.cells()) > before
    keys = [(cell["language"], cell["kind"], cell["n_own"]) for cell in gap.cells()]
    assert len(keys) == len(set(keys))


def _wait(gap, done, seconds=240):
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, gap.state
        time.sleep(0.1)


def test_of_all_ways_of_weighing_the_best_on_the_rows_that_choose_is_kept():
    """Planted: what the other language says is wrong in this one, so its own labels alone must win."""
    rng = np.random.default_rng(0)
    labels, languages = rng.integers(0, 2, 900), np.repeat(["en", "zh"], [600, 300]).astype(object)
    sign = np.where(languages == "zh", -1.0, 1.0) * (2 * labels - 1)
    vectors = (np.stack([sign, rng.normal(0, 1, 900)], axis=1) + rng.normal(0, 0.5, (900, 2))).astype(np.float32)
    rows = GapRows([f"row {n}" for n in range(900)], labels, languages, np.arange(900), CLASSES)
    target = next(target for target in find_targets(rows)[0] if target.language == "zh")
    heads = QuickHead(TextVectors(vectors, np.arange(900), ""), CLASSES)
    draws = [draw_labels(rows, target.pool, 50, seed=seed) for seed in range(2)]
    with_own = fits.fit_transfer(rows, target, heads, draws=draws, should_stop=lambda: False)
    assert with_own.chosen.removesuffix(fits.SOFTLY) == fits.OWN_ALONE
    assert (with_own.said == labels[target.test]).mean() > 0.9
    nothing = np.zeros(0, np.int64)
    without = fits.fit_transfer(rows, target, heads, draws=[nothing], should_stop=lambda: False)
    assert (without.said == labels[target.test]).mean() < 0.2
    assert fits._ways(target, heads, own=0) == [fits.AS_THEY_ARE, fits.AS_THEY_ARE + fits.SOFTLY]
