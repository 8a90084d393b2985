"""Runs side by side on the rows that none of them was trained on, and when they cannot be compared."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.comparing import Common, common_rows, compare_on, compare_runs, compare_two, count_trained_on
from sentiment.data import import_file
from sentiment.errors import DataError, ModelError, RunError, UsageError
from sentiment.evaluation.changed import BROKEN, FIXED
from sentiment.evaluation.pair import MACRO, line_of
from sentiment.judging import groups_of
from sentiment.listing import list_runs, name_runs
from sentiment.training.config import FinetuneConfig
from sentiment.training.held_out import hash_texts
from sentiment.training.runs import Run, RunState, create_run, describe_run, new_id

Make = Callable[..., Run]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a finished run on 200 rows that held out some of them and misses some bad ones."""

    def build(
        *, missed: int = 0, held_out: slice = slice(None), labels: tuple[str, str] = ("bad", "good"),
        words: str = "row", relabeled: int = 0, split: str = "test", **settings: object,
    ) -> Run:  # fmt: skip
        said = [labels[0]] * 60 + [labels[1]] * 140
        path = tmp_path / f"{words}-{'-'.join(labels)}.csv"
        pd.DataFrame({"text": [f"{words} {i}" for i in range(200)], "label": said}).to_csv(path, index=False)
        dataset = import_file(path, text="text", label="label")
        info = describe_run(
            dataset, FinetuneConfig(**settings), run_id=new_id(), name=f"{dataset.name} · net", dataset_folder=None
        )
        run = create_run(tmp_path / info.id, info)
        rows = dataset.frame[["row", "text", "label", "group"]].assign(split=split)
        rows["model:prediction"] = [labels[1]] * missed + said[missed:]
        rows["model:prob:" + labels[0]] = np.where(rows["model:prediction"] == labels[0], 0.8, 0.3)
        rows["model:prob:" + labels[1]] = 1 - rows["model:prob:" + labels[0]]
        if relabeled:
            rows.loc[rows.index[-relabeled:], "label"] = labels[0]
        run.write_predictions(rows.iloc[held_out].sample(frac=1, random_state=missed))
        run.write_state(RunState(status="finished", settings={"n_train": 100, "n_validation": 20}))
        return run

    return build


def test_runs_with_different_splits_are_compared_on_the_rows_that_both_held_out(make: Make) -> None:
    found = compare_two(
        make(missed=40, held_out=slice(0, 150)), make(missed=10, held_out=slice(20, 200)), names=("a", "b")
    )
    assert found.pair.n_rows == 130
    assert line_of(found.pair.table, "bad", "recall")["a"] == pytest.approx(20 / 40)
    assert line_of(found.pair.table, "bad", "recall")["b"] == 1.0
    assert "130 rows that all of them held out" in found.notes[0]
    assert (found.changed["change"] == FIXED).all()
    assert sorted(found.changed["row"]) == list(range(20, 40))
    assert found.changed["b_prob"].tolist() == [0.8] * 20


def test_the_order_of_rows_and_a_missing_file_do_not_matter(make: Make) -> None:
    run = make(missed=5)
    assert compare_two(run, run, names=("same", "same")).pair.sentence.startswith("200 rows can't tell “same (B)”")


def test_what_one_run_mends_the_other_breaks(make: Make) -> None:
    good, bad = make(missed=0), make(missed=30)
    there, back = compare_two(bad, good, names=("a", "b")), compare_two(good, bad, names=("b", "a"))
    assert line_of(there.pair.table, MACRO)["delta"] == pytest.approx(-line_of(back.pair.table, MACRO)["delta"])
    assert set(there.changed["change"]) == {FIXED}
    assert set(back.changed["change"]) == {BROKEN}


def test_rows_that_were_labeled_anew_between_the_runs_are_left_out(make: Make) -> None:
    found = common_rows({"a": make(), "b": make(relabeled=7)})
    assert len(found.rows) == 193
    assert any("7 rows were labeled differently" in note for note in found.notes)


def test_validation_rows_are_said_to_flatter(make: Make) -> None:
    notes = compare_runs({"a": make(), "b": make(split="validation")}).notes
    assert any("“b” held out no test rows" in note for note in notes)


def test_what_cannot_be_compared_says_why(make: Make) -> None:
    first = make()
    with pytest.raises(RunError, match="was trained on the dataset 'review-bad-good'"):
        compare_runs({"a": first, "b": make(words="review")})
    same_data = make(labels=("good", "fine"))
    object.__setattr__(same_data.info, "dataset", first.info.dataset)
    with pytest.raises(RunError, match="tells bad, good apart, 'b' good, fine"):
        compare_runs({"a": first, "b": same_data})
    with pytest.raises(RunError, match="No row was held out by all of “a” and “b”"):
        compare_runs({"a": make(held_out=slice(0, 90)), "b": make(held_out=slice(90, 200))})
    with pytest.raises(UsageError):
        compare_runs({"a": first})
    (first.folder / "predictions.parquet").unlink()
    with pytest.raises(RunError, match="no predictions yet"):
        compare_runs({"a": make(), "b": first})


def _always(column: int) -> Callable[[list[str]], np.ndarray]:
    return lambda texts: np.eye(2, dtype=np.float32)[[column] * len(texts)]


def test_two_models_on_the_rows_of_a_file_may_name_their_classes_in_any_order() -> None:
    rows = pd.DataFrame({"row": range(60), "text": "a", "label": ["x"] * 40 + ["y"] * 20, "group": None})
    found = compare_on(rows, _always(0), _always(0), classes=(["x", "y"], ["y", "x"]), names=("a", "b"))
    assert line_of(found.pair.table, "x", "recall")["a"] == 1.0
    assert line_of(found.pair.table, "y", "recall")["b"] == 1.0
    assert len(found.changed) == 60
    with pytest.raises(ModelError, match="tells x, y apart"):
        compare_on(rows, _always(0), _always(0), classes=(["x", "y"], ["x", "z"]), names=("a", "b"))
    with pytest.raises(DataError):
        compare_on(rows[:0], _always(0), _always(0), classes=(["x", "y"], ["x", "y"]), names=("a", "b"))


def test_texts_that_a_run_was_trained_on_are_counted(make: Make, tmp_path: Path) -> None:
    run = make()
    (run.folder / "model").mkdir()
    (run.folder / "model" / "config.json").write_text("{}")
    texts = pd.Series(["Row 1!", "row 2", "never seen"])
    assert count_trained_on(run.folder, texts) is None
    np.savez(run.folder / "split.npz", trained_on=hash_texts(pd.Series(["row 1", "row 2"])))
    assert count_trained_on(run.folder, texts) == 2


def test_the_table_of_runs_tells_what_each_is_and_how_good(make: Make) -> None:
    table = list_runs([make(missed=30, seed=3), make(held_out=slice(0, 0))])
    assert table["macro_f1"][0] == pytest.approx((2 / 3 + 2 * 140 / 310) / 2)
    assert table["macro_f1_low"][0] < table["macro_f1"][0] < table["macro_f1_high"][0]
    assert table["accuracy"][0] == pytest.approx(170 / 200)
    assert table[["held_out", "labels", "seed", "status"]].iloc[0].tolist() == [200, 120, 3, "finished"]
    assert pd.isna(table["macro_f1"][1])


def test_runs_of_one_name_are_told_apart_by_their_settings(make: Make) -> None:
    runs = [make(seed=1), make(seed=2, imbalance="none"), make(seed=2, words="other")]
    assert list(name_runs(runs[:2]).values()) == ["net, seed 1, imbalance auto", "net, seed 2, imbalance none"]
    assert name_runs(runs[1:])[runs[2].id] == "other-bad-good · net"
    twins = [make(), make()]
    assert len(set(name_runs(twins).values())) == 2


def test_one_row_without_a_document_does_not_make_all_rows_stand_alone() -> None:
    rows = pd.DataFrame(
        {"row": range(80), "text": "a", "label": ["x", "y"] * 40, "group": [f"d{i // 8}" for i in range(80)]}
    )
    rows.loc[3, "group"] = None
    groups = groups_of(rows)
    assert groups is not None
    assert len(np.unique(groups)) == 11
    assert (groups[rows["group"] == "d1"] == groups[8]).all()
    assert Common(rows, ("x", "y"), ()).groups == groups.tolist()
    assert groups_of(rows.assign(group=None)) is groups_of(rows[:0]) is None
