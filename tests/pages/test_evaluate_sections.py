"""Evaluate, part by part: mistakes, slices, thresholds and probabilities, and the address that leads there again."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import data
from sentiment.errors import UsageError
from sentiment.evaluation.thresholds import Rule
from sentiment.files import write_json
from sentiment.judging import read_rule, save_rule
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import Run, RunState
from sentiment.workspace import Workspace
from tests.judged_run import make_too_sure
from tests.pages.conftest import button, tick, words

CLASSES = ("negative", "neutral", "positive")
Make = Callable[..., Run]


@pytest.fixture
def make(workspace: Workspace, tmp_path: Path) -> Make:
    """A finished run on rows of two shops, of which the model does badly on the second, with validation rows."""

    def build(*, n: int = 300, calibrated: bool = True) -> Run:
        rng = np.random.default_rng(0)
        truth, bad = rng.integers(0, 3, n), rng.random(n) < 0.4
        logits = rng.standard_normal((n, 3))
        logits[np.arange(n), truth] += np.where(bad, 0.2, 3.0)
        probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        rows = pd.DataFrame(
            {
                "text": [f"{'a late parcel' if late else 'a fine day'} number {i}" for i, late in enumerate(bad)],
                "label": np.array(CLASSES)[truth],
                "shop": np.where(bad, "east", "west"),
            }
        )
        rows.to_csv(tmp_path / "shop.csv", index=False)
        info = workspace.add_dataset(data.import_file(tmp_path / "shop.csv", text="text", label="label"))[0]
        run = workspace.create_run(info.id, FinetuneConfig())
        table = workspace.dataset(info.id).frame[["row", "text", "label", "group"]]
        shares = {f"model:prob:{name}": probs[:, place] for place, name in enumerate(CLASSES)}
        said = pd.DataFrame({"model:prediction": np.array(CLASSES)[probs.argmax(axis=1)], **shares})
        run.write_predictions(pd.concat([table.assign(split="test"), said], axis=1))
        if calibrated:
            run.write_validation(pd.concat([table, said.drop(columns="model:prediction")], axis=1))
            (run.folder / "model").mkdir()
            write_json(run.folder / "model" / "config.json", {"format": 1, "temperature": 1.5})
        run.write_state(RunState(status="finished"))
        return run

    return build


def fresh() -> AppTest:
    """Another session."""
    return AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=60)


def go(app: AppTest, section: str, **address: str) -> AppTest:
    """Opens a part of the Evaluate page by its address."""
    app.run()
    app.switch_page("pages/evaluate.py")
    for name, value in {"show": section, **address}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def test_the_mistakes_of_a_cell_come_the_surest_first_and_the_address_leads_there_again(
    app: AppTest, make: Make
) -> None:
    run = make()
    go(app, "Mistakes")
    app.selectbox(key=f"true:{run.id}").set_value("negative").run()
    app.selectbox(key=f"said:{run.id}").set_value("positive").run()
    table = app.dataframe[0].value
    assert set(table["Says"]) == {"positive"}
    assert set(table["Label"]) == {"negative"}
    assert table["Sure"].is_monotonic_decreasing
    rows = run.predictions()
    expected = (rows["label"] == "negative") & (rows["model:prediction"] == "positive")
    assert set(table["Row"] - 1) == set(rows.loc[expected, "row"])
    address = dict(app.query_params.items())
    assert address.items() >= {"show": "Mistakes", "true": "negative", "said": "positive", "run": run.id}.items()
    again = fresh()
    del address["run"]
    go(again, **{"section": address.pop("show"), **address})
    assert again.dataframe[0].value["Row"].tolist() == table["Row"].tolist()


def test_all_mistakes_are_shown_where_no_cell_is_chosen(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Mistakes")
    rows = run.predictions()
    wrong = int((rows["label"] != rows["model:prediction"]).sum())
    assert f"**{wrong} rows**" in words(app)
    table = app.dataframe[0].value
    assert len(table) == 50  # a page of them
    assert (table["Says"] != table["Label"]).all()


def test_ticked_mistakes_are_flagged_with_a_note_and_one_click_takes_it_back(
    app: AppTest, make: Make, workspace: Workspace
) -> None:
    run = make()
    go(app, "Mistakes")
    assert button(app, "The label is wrong").disabled  # type: ignore[attr-defined]
    table = app.dataframe[0].value
    tick(app, [0, 2])
    button(app, "The label is wrong (2 rows)").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    events = workspace.labels.history(run.info.dataset.id)
    assert sorted(events["kind"]) == ["flag", "flag", "note", "note"]
    assert set(events["row"]) == set(table["Row"].iloc[[0, 2]] - 1)
    notes = workspace.labels.notes(run.info.dataset.id)
    assert notes["text"].str.contains("looks wrong: the model says").all()
    app.button(key="undo-step").click().run()
    assert (workspace.labels.history(run.info.dataset.id)["kind"] == "undo").sum() == 4


def test_a_flag_that_cannot_be_stored_says_why(
    app: AppTest, make: Make, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make()
    go(app, "Mistakes")
    tick(app, [0])

    def refuse(*_: object) -> None:
        raise UsageError("The labels are locked", todo="Try again")

    monkeypatch.setattr("sentiment.labels.store.LabelStore.append", refuse)
    button(app, "The label is wrong (1 row)").click().run()  # type: ignore[attr-defined]
    assert not app.exception
    assert "The labels are locked" in app.error[0].value


def test_mistakes_go_to_the_labeling_queue(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Mistakes", true="neutral", said="wrong")
    first = app.dataframe[0].value["Row"].iloc[0]
    app.button(key=f"relabel:{run.id}").click().run()
    assert not app.exception
    assert "The rows you chose" in str([box.options for box in app.selectbox])
    assert str(first) in words(app)


def test_the_worst_slices_are_found_and_lead_to_their_mistakes(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Slices")
    assert re.search(r"\*\*1 of \d+ slices is surely worse than the rest|slices are surely worse", words(app))
    options = app.selectbox(key=f"slice:{run.id}").options
    assert any("shop: east" in option for option in options)
    app.selectbox(key=f"slice:{run.id}").set_value("file:shop=east").run()
    assert app.query_params["slice"] == "file:shop=east"
    rows = run.predictions()
    part = app.dataframe[0].value
    assert part["Class"].tolist()[:3] == list(CLASSES)
    app.button(key=f"to-errors:{run.id}").click().run()
    assert not app.exception
    table = app.dataframe[0].value
    assert table["Text"].str.contains("late parcel").all()
    late = rows["text"].str.contains("late parcel") & (rows["label"] != rows["model:prediction"])
    assert f"**{int(late.sum())} rows**" in words(app)


def test_any_word_is_a_slice(app: AppTest, make: Make) -> None:
    make()
    go(app, "Slices", by="word", word="PARCEL")
    assert "“PARCEL”" in words(app)
    assert "No held-out row has it" in words(go(fresh(), "Slices", by="word", word="nowhere"))


def test_a_threshold_is_dragged_saved_and_taken_away_again(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Thresholds", **{"class": "neutral"})
    before = app.metric[0 + 3].value
    app.slider(key=f"threshold:{run.id}:neutral").set_value(10).run()
    assert app.query_params["t-neutral"] == "10"
    assert "at least 10\u202f% likely" in words(app).replace("\\", "")
    assert app.metric[3].value != before
    app.button(key="save-rule").click().run()
    assert read_rule(run.folder) == Rule({"neutral": 0.1})
    assert json.loads((run.folder / "thresholds.json").read_text())["thresholds"] == {"neutral": 0.1}
    app.button(key="reset-rule").click().run()
    assert not app.exception
    assert read_rule(run.folder) is None
    assert "t-neutral" not in app.query_params
    assert app.slider(key=f"threshold:{run.id}:neutral").value == 0


def test_costs_propose_the_cheapest_threshold_of_the_validation_rows(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Thresholds", **{"class": "neutral", "miss": "9"})
    app.button(key="use-cheapest").click().run()
    dear_misses = app.slider(key=f"threshold:{run.id}:neutral").value
    app.number_input(key=f"cost-miss:{run.id}").set_value(0.2).run()
    app.button(key="use-cheapest").click().run()
    assert 0 < dear_misses < app.slider(key=f"threshold:{run.id}:neutral").value


@pytest.mark.parametrize(
    ("word", "inside"), [("parc", "late parcel"), ("a fine day number 1", "number 1"), ("late", "late")]
)
def test_the_mistakes_of_a_typed_word_are_those_of_its_slice(app: AppTest, make: Make, word: str, inside: str) -> None:
    run = make()
    go(app, "Slices", by="word", word=word)
    rows = run.predictions()
    assert rows is not None
    has = rows["text"].str.contains(word, regex=False)
    assert f": {int(has.sum())} rows, " in words(app)
    app.button(key=f"to-errors:{run.id}").click().run()
    assert not app.exception
    assert app.selectbox(key=f"error-slice:{run.id}").value == f"word={word}"
    wrong = has & (rows["label"] != rows["model:prediction"])
    assert 0 < int(wrong.sum()) < int((rows["label"] != rows["model:prediction"]).sum())
    assert f"**{int(wrong.sum())} row" in words(app)
    assert app.dataframe[0].value["Text"].str.contains(inside).all()


@pytest.mark.parametrize("address", [{"t-neutral": "100"}, {"undecided": "100"}])
def test_a_threshold_of_100_percent_is_read_as_the_most_that_can_be_dragged(
    app: AppTest, make: Make, address: dict[str, str]
) -> None:
    run = make()
    go(app, "Thresholds", **{"class": "neutral"}, **address)
    key = f"undecided:{run.id}" if "undecided" in address else f"threshold:{run.id}:neutral"
    assert app.slider(key=key).value == 99


def test_saved_thresholds_beyond_the_slider_are_shown_at_its_ends(app: AppTest, make: Make) -> None:
    run = make()
    save_rule(run, Rule({"neutral": 0.999, "negative": 0.001}, undecided_below=1.0))
    go(app, "Thresholds", **{"class": "neutral"})
    assert app.slider(key=f"threshold:{run.id}:neutral").value == 99
    assert app.slider(key=f"undecided:{run.id}").value == 99
    assert app.query_params["t-negative"] == "1"


def test_no_threshold_is_called_cheapest_on_too_few_validation_rows(app: AppTest, make: Make) -> None:
    run = make()
    rows = run.validation()
    assert rows is not None
    few = pd.concat([rows[rows["label"] == "neutral"].head(5), rows[rows["label"] != "neutral"]])
    run.write_validation(few.reset_index(drop=True))
    go(app, "Thresholds", **{"class": "neutral"})
    assert "Too few rows to propose one: 5" in words(app)
    charts = "".join(found.proto.spec for found in app.get("plotly_chart"))
    assert "What the mistakes of this class cost" in charts
    assert "Cheapest on the validation rows" not in charts


def test_the_page_says_that_the_endpoint_follows_the_rule(app: AppTest, make: Make) -> None:
    make()
    go(app, "Thresholds", **{"class": "neutral", "t-neutral": "30"})
    assert "the endpoint get the class that the rule says" in app.button(key="save-rule").help
    app.button(key="save-rule").click().run()
    assert "scored files and the endpoint follow it" in words(app)


def test_rows_below_the_band_stay_undecided(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Thresholds", undecided="70")
    assert app.slider(key=f"undecided:{run.id}").value == 70
    rows = run.predictions()
    sure = rows[[f"model:prob:{name}" for name in CLASSES]].max(axis=1) >= 0.7
    decided = next(figure for figure in app.metric if figure.label == "Decided")
    assert decided.value.replace("\u202f", "") == f"{100 * sure.mean():.0f}%"


def test_calibration_is_shown_before_and_after_the_temperature(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Calibration")
    assert "temperature of **1.50**" in words(app)
    table = next(found.value for found in app.dataframe if "Before" in found.value)
    assert table["Before"][0] != table["After"][0]
    one = go(fresh(), "Calibration", believe="negative")
    assert one.selectbox(key=f"believe:{run.id}").value == "negative"


def test_the_all_clear_takes_a_gap_that_could_be_none(app: AppTest, make: Make) -> None:
    make_too_sure(make())
    go(app, "Calibration")
    assert "The model is too sure on these rows." in words(app)
    assert "no error beyond chance" not in words(app)


def every_section(app: AppTest) -> dict[str, str]:
    """What each part of the page says, in words, tables and figures; none may fail."""
    said = {}
    go(app, "Classes")
    for section in ("Classes", "Mistakes", "Slices", "Thresholds", "Calibration"):
        app.segmented_control(key="evaluate-section").set_value(section).run()
        assert not app.exception, section
        assert not app.error, section
        tables = "".join(str(table.value.to_dict()) for table in app.dataframe)
        said[section] = words(app) + tables + "".join(f"{figure.label} {figure.delta}" for figure in app.metric)
    return said


def test_a_run_of_before_still_opens_and_says_what_is_missing(app: AppTest, make: Make) -> None:
    make(calibrated=False)
    said = every_section(app)
    assert "kept no validation rows" in said["Thresholds"]
    assert "Fine-tune again" in said["Calibration"]


@pytest.mark.parametrize("what", ["no neutral row", "an unknown label", "validation rows", "one class"])
def test_odd_held_out_rows_are_judged_all_the_same(app: AppTest, make: Make, what: str) -> None:
    run = make()
    rows = run.predictions()
    assert rows is not None
    if what == "no neutral row":
        rows = rows[rows["label"] != "neutral"]
    elif what == "an unknown label":
        rows["label"] = rows["label"].mask(rows["label"] == "neutral", "mixed")
    elif what == "validation rows":
        rows["split"] = "validation"
    else:
        rows = rows[rows["label"] == "positive"]
    run.write_predictions(rows.reset_index(drop=True))
    said = every_section(app)
    if what == "no neutral row":
        assert "neutral: found" not in said["Thresholds"]
        assert "too few rows (0)" in said["Thresholds"]
    if what == "validation rows":
        assert "the same rows" in said["Thresholds"]
        assert "the very rows" in said["Calibration"]


def test_few_rows_give_no_proud_numbers(app: AppTest, make: Make) -> None:
    make(n=40)
    said = every_section(app)
    for section in ("Classes", "Thresholds", "Calibration", "Slices"):
        assert "oo few rows" in said[section], section


def test_an_address_that_makes_no_sense_gives_the_default(app: AppTest, make: Make) -> None:
    run = make()
    go(app, "Mistakes", true="<script>", said="x" * 2000, **{"in": "length=none"})
    assert app.selectbox(key=f"true:{run.id}").value == ""
    app = go(fresh(), "Thresholds", **{"class": "nobody", "t-neutral": "1e9", "undecided": "-3", "miss": "nan"})
    assert app.slider(key=f"undecided:{run.id}").value == 0
