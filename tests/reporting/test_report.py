"""The report of a run: it says what the run is worth, loads nothing, and no text in it does anything."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sentiment.cli import main
from sentiment.errors import RunError
from sentiment.evaluation.thresholds import Rule
from sentiment.files import write_json
from sentiment.judging import judge_run, save_rule
from sentiment.numbers import number, percent
from sentiment.reporting import render_report
from sentiment.reporting.markup import tag, visible
from sentiment.reporting.rows import BUDGET, MOST_ROWS, embedded_rows
from sentiment.reporting.sections import _figures_table
from sentiment.training.runs import RunState
from tests.judged_run import judged_run, make_too_sure

THIN = "\u202f"
HOSTILE = (
    "<script>window.hurt = 1</script>",
    "</script><script>window.hurt = 1</script>",
    "<img src=http://evil.example/x.png onerror='window.hurt = 1'>",
    "<!-- <script>",
    "a \u202egnp.exe\u202c and a\u200bb and \x07",
    "مرحبا، هذا المنتج سيئ",
    '=HYPERLINK("http://evil.example") & \'quotes\' "double"',
    "😀 fine 👩‍👩‍👧",
)


class _Page(HTMLParser):
    """The elements of a page: names with their attributes, the text of each kind, and what was never closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(source)

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attributes)))
        if name not in ("meta", "input"):
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def rows(self) -> dict:
        """The rows that are put in for the script."""
        return next(json.loads(text) for text in self.texts["script"] if text.startswith("{"))


@pytest.fixture
def page(tmp_path: Path) -> _Page:
    run = judged_run(tmp_path / "run", [f"{text} {i}" for i in range(10) for text in HOSTILE], classes=HOSTILE[:4])
    return _Page(render_report(run).decode())


def test_it_is_one_whole_page_that_names_nothing_to_load(page: _Page) -> None:
    assert page.open == []
    links = {"src", "href", "srcset", "action", "data", "poster", "background", "style", "ping", "formaction"}
    for name, attributes in page.elements:
        assert not links & attributes.keys(), (name, attributes)
        assert not [key for key in attributes if key.startswith("on")]
    assert {name for name, _ in page.elements}.isdisjoint(
        {"link", "img", "iframe", "object", "embed", "base", "form", "a"}
    )


def test_its_policy_allows_its_own_style_and_script_and_nothing_else(page: _Page) -> None:
    policy = next(a["content"] for n, a in page.elements if n == "meta" and "http-equiv" in a)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for kind, sources in (("style-src", page.texts["style"]), ("script-src", page.texts["script"])):
        digests = {f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in sources}
        assert rules[kind] in digests
        assert "unsafe" not in rules[kind]
    assert not re.search(r"@import|url\(", page.texts["style"][0])


def test_hostile_texts_and_classes_stand_there_as_they_are(page: _Page) -> None:
    assert [name for name, _ in page.elements].count("script") == 2  # its own, and the rows
    assert sorted(page.rows()["classes"]) == sorted(HOSTILE[:4])
    texts = page.rows()["text"]
    assert texts[0] == f"{HOSTILE[0]} 0"
    assert "⟨U+202E⟩gnp.exe" in next(text for text in texts if "gnp" in text)
    assert "👩‍👩‍👧" in next(text for text in texts if "😀" in text)
    said = "".join("".join(parts) for name, parts in page.texts.items() if name != "script")
    assert HOSTILE[1] in said
    assert "\u202e" not in said
    assert "\x07" not in said


def test_the_figures_are_those_of_the_run(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", [f"text {i}" for i in range(300)])
    judgement = judge_run(run)
    assert judgement is not None
    page, report = _Page(render_report(run).decode()), judgement.reports["model"]
    said = " ".join(" ".join(parts) for parts in page.texts.values())
    assert judgement.verdict in said
    for row in report["per_class"]:
        low, high = row["intervals"]["recall"]
        assert f"{percent(row['recall'])} ({100 * low:.0f} to {100 * high:.0f})" in said
    buttons = [a for n, a in page.elements if n == "button" and "data-true" in a]
    rows = page.rows()
    found = np.zeros((3, 3), int)
    np.add.at(found, (rows["label"], rows["said"]), 1)
    assert found.tolist() == report["confusion_matrix"]
    assert [int(re.match(r"\d+", str(a["aria-label"]))[0]) for a in buttons] == found.ravel().tolist()
    sure = judgement.rows[[f"model:prob:{name}" for name in run.info.classes]].max(axis=1)
    assert rows["prob"] == pytest.approx(sure.tolist(), abs=5e-4)
    assert rows["row"][:3] == [1, 2, 3]


def test_classes_with_too_few_rows_show_no_proud_number(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", [f"text {i}" for i in range(45)])
    assert len(re.findall(r"too few rows \(\d+\)", render_report(run).decode())) >= 3 * 4


def test_a_figure_of_rows_that_are_too_few_is_not_shown(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", [f"text {i}" for i in range(300)])
    rows = run.predictions()
    assert rows is not None
    never = rows["model:prediction"] == "neutral"  # a class with many rows that is never said
    rows.loc[never, ["model:prediction", "model:prob:neutral", "model:prob:positive"]] = ["positive", 0.0, 1.0]
    run.write_predictions(rows)
    report = judge_run(run).reports["model"]  # type: ignore[union-attr]
    line = next(line for line in report["per_class"] if line["class"] == "neutral")
    assert (line["said"], line["support"]) == (0, 100)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", str(_figures_table(report)))
    assert cells[4:8] == ["no rows", f"0{THIN}% (0 to 4)", f"0{THIN}% (0 to 7)", "100"]


def test_the_rule_that_is_saved_is_told(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", [f"text {i}" for i in range(90)])
    assert "How it decides" not in render_report(run).decode()
    save_rule(run, Rule({"neutral": 0.4}))
    content = render_report(run).decode()
    assert "How it decides" in content
    assert "A row is “neutral” where that is at least 40\u202f% likely." in content


@pytest.mark.parametrize(("n", "said"), [(199, "Too few rows: 199"), (200, "is off by")])
def test_a_calibration_error_takes_two_hundred_rows(tmp_path: Path, n: int, said: str) -> None:
    run = judged_run(tmp_path / "run", [f"text {i}" for i in range(n)])
    assert said in render_report(run).decode()


def test_a_model_that_is_a_little_too_sure_is_not_given_the_all_clear(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", [f"text {i}" for i in range(300)])
    make_too_sure(run)
    assert "The model is too sure on these rows." in render_report(run).decode()


def test_it_says_nothing_of_the_machine(tmp_path: Path) -> None:
    run = judged_run(
        tmp_path / "secret-place" / "run", [f"text {i}" for i in range(90)], base=str(tmp_path / "old-run")
    )
    content = render_report(run).decode()
    assert str(tmp_path) not in content
    assert "secret-place" not in content
    assert "old-run" in content
    assert content == render_report(run).decode()


def test_what_more_labels_would_bring_is_in_it(tmp_path: Path) -> None:
    run = judged_run(tmp_path / "run", [f"text {i}" for i in range(90)])
    curve = {"sizes": [100, 200, 400, 800, 1600], "values": [[0.5, 0.4, 0.6]] * 5, "n_measured": 3}
    curve["gains"] = {"2": [0.03, 0.01, 0.05], "4": [0.05, 0.02, 0.08]}
    part = {"class": "neutral", "n_labels": 130, "support": 30, "own": curve, "mean": curve}
    values = {"n_labels": 400, "n_measured": 400, "n_held_out": 90, "base": "x", "overall": curve, "classes": [part]}
    write_json(run.folder / "learning_curve.json", values)
    content = render_report(run).decode()
    assert "130 more of its labels alone would bring +3.0 points (1 to 5) of its F1" in content
    assert "+3.0 (+1.0 to +5.0)" in content
    write_json(run.folder / "learning_curve.json", {"skipped": "Too few <b>labels</b>."})
    assert "Too few &lt;b&gt;labels&lt;/b&gt;." in render_report(run).decode()


def test_long_texts_are_cut_and_too_many_rows_left_out_mistakes_first() -> None:
    rows = pd.DataFrame({"row": range(5_000), "text": "很长的文字" * 300, "label": "x", "said": "x", "prob": 0.5})
    values, told = embedded_rows(rows, ["x"])
    assert sum(len(text.encode()) for text in values["text"]) <= BUDGET + 4 * 5_000
    assert len(values["text"]) == 5_000
    assert "Texts are cut after" in told
    many = pd.DataFrame({"row": range(MOST_ROWS + 50), "text": "a", "label": "x", "said": "x", "prob": np.nan})
    many.loc[many.index[-20:], "said"] = "y"
    values, told = embedded_rows(many, ["x", "y"])
    assert len(values["row"]) == MOST_ROWS
    assert values["said"].count(1) == 20
    assert values["prob"][0] is None
    assert f"{number(MOST_ROWS)} of the {number(MOST_ROWS + 50)} held-out rows" in told
    assert embedded_rows(rows.head(10), ["x"])[1] == ""


def test_five_thousand_long_rows_stay_under_six_megabytes(tmp_path: Path) -> None:
    words = "this is a rather long review of a film that somebody watched with great care "
    run = judged_run(tmp_path / "run", [f"{i} " + words * 20 for i in range(5_000)])
    assert 3_000_000 < len(render_report(run)) < 6_000_000


def test_a_run_without_predictions_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = judged_run(tmp_path / "run", ["a", "b", "c"] * 30)
    (run.folder / "predictions.parquet").unlink()
    run.write_state(RunState(status="running"))
    with pytest.raises(RunError, match="no predictions yet"):
        render_report(run)
    assert main(["report", str(run.folder), "--out", str(tmp_path / "report.html")]) == 2
    assert capsys.readouterr().err.startswith("Error: ")
    assert not (tmp_path / "report.html").exists()


def test_the_command_writes_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = judged_run(tmp_path / "run", ["a", "b", "c"] * 30)
    assert main(["report", str(run.folder), "--out", str(tmp_path / "out.html")]) == 0
    assert (tmp_path / "out.html").read_bytes() == render_report(run)
    assert "MB written to" in capsys.readouterr().out


def test_text_is_escaped_wherever_it_is_put() -> None:
    made = tag("p", "<b>", tag("i", "&"), None, title="\"'<", hidden=True, lang=None)
    assert made == '<p title="&quot;&#x27;&lt;" hidden>&lt;b&gt;<i>&amp;</i></p>'
    assert visible("a\u200bb\ufeff") == "a⟨U+200B⟩b⟨U+FEFF⟩"
