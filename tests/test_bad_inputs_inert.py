"""What somebody wrote into a file is shown as it was written, on every page and in every chart, and does nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sentiment import data
from sentiment.data import DatasetInfo
from sentiment.workspace import Workspace
from tests.pages.conftest import judged, open_page, workspace  # noqa: F401 fixtures are used by their names

LABELS = ["<img src=http://evil.example/x.png onerror=alert(1)>", ":red[x] **bold**", "$$\\frac{1}{2}$$", "`code`"]
TEXTS = [
    "[go](javascript:alert(1))",
    "![see](http://evil.example/y.png)",
    "<script>alert(1)</script>",
    "https://evil.example",
]
# What has an effect where Markdown is read, unless it is escaped.
EFFECT = re.compile(r"""(?<!\\)(?:<[\w/!]|:red\[|\*\*b|\$|`|\]\()|https?://evil|\u202e""")
# What is drawn as it is, without Markdown: cells of tables, options of boxes, what was typed, files.
LITERAL = {"dataframe", "selectbox", "multiselect", "text_input", "file_uploader", "plotly_chart"}


@pytest.fixture
def app(project_folder: Path) -> AppTest:
    return AppTest.from_file(str(project_folder / "app.py"), default_timeout=60)


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[str, bytes]:
    """Name and content of a file that tries something with its name, header, labels, documents and texts."""
    n = 48
    frame = pd.DataFrame(
        {
            "text <script>alert(1)</script>": [f"Review number {i} of a thing: {TEXTS[i % 4]}" for i in range(n)],
            "label :red[f] $$x$$": [LABELS[i // 2 % 4] for i in range(n)],
            "review <img src=x> id": [f"{LABELS[i // 2 % 4]} {i // 2}" for i in range(n)],
        }
    )
    data.write_table(frame, tmp_path / "h.jsonl")
    return "<b>x</b> $$y$$ :red[z] \u202egnp.jsonl", (tmp_path / "h.jsonl").read_bytes()


def strings(message: Any) -> Iterator[str]:
    """Every string of an element, its ids aside."""
    for field, value in message.ListFields():
        many = value if isinstance(value, list) or hasattr(value, "append") else [value]
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            for part in many:
                yield from strings(part)
        elif field.type == field.TYPE_STRING and not field.name.endswith(("id", "key", "_url")):
            yield from (str(part) for part in many)


def read_as_markdown(app: AppTest) -> list[str]:
    """The strings of a page at places where Markdown may be read."""
    return [text for root in (app.main, app.sidebar) for element in walk(root) for text in strings(element)]


def walk(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        if hasattr(child, "children"):
            if child.proto is not None:
                yield child.proto
            yield from walk(child)
        elif child.type not in LITERAL:
            yield child.proto


def nothing_has_an_effect(app: AppTest) -> None:
    assert not app.exception
    shown = read_as_markdown(app)
    assert len(shown) > 5
    assert [text for text in shown if EFFECT.search(text)] == []


def import_hostile(app: AppTest, hostile: tuple[str, bytes]) -> DatasetInfo:
    app.run()
    app.file_uploader[0].set_value((*hostile, "application/json")).run()
    nothing_has_an_effect(app)
    text, label, group = (
        next(box for box in app.selectbox if box.label == name) for name in ("Text", "Label", "Document")
    )
    assert (text.value, label.value) == ("text <script>alert(1)</script>", "label :red[f] $$x$$")
    assert group.value == "review <img src=x> id"
    app.button(key="import").click().run()
    (info,) = Workspace().datasets()
    return info


def test_the_check_sees_what_is_not_escaped() -> None:
    def page() -> None:
        import streamlit as st

        for number in range(6):
            st.write(str(number))
        with st.expander("<b>x</b>"):
            st.caption("see `code`")
        st.metric("ok", ":red[x]")

    app = AppTest.from_function(page).run()
    assert [text for text in read_as_markdown(app) if EFFECT.search(text)] == ["<b>x</b>", "see `code`", ":red[x]"]


def test_a_hostile_file_is_inert_on_the_data_page(app: AppTest, hostile: tuple[str, bytes]) -> None:
    info = import_hostile(app, hostile)
    assert info.name.startswith("<b>x</b> $$y$$ :red[z] ")
    assert "\u202e" not in info.name
    nothing_has_an_effect(app)
    rows = next(found.value for found in app.dataframe if "Text" in found.value)
    assert rows["Text"][0] == f"Review number 0 of a thing: {TEXTS[0]}"
    assert rows["Label"][0] == LABELS[0]


@pytest.mark.parametrize("page", ["balance", "finetune"])
def test_hostile_labels_are_inert_on_the_pages_that_follow(app: AppTest, hostile: tuple[str, bytes], page: str) -> None:
    import_hostile(app, hostile)
    open_page(app, page)
    nothing_has_an_effect(app)


def test_hostile_labels_are_inert_where_a_strategy_shows_what_it_does(app: AppTest, hostile: tuple[str, bytes]) -> None:
    info = import_hostile(app, hostile)
    open_page(app, "finetune")
    for strategy in app.selectbox(key="set:imbalance").options:
        app.selectbox(key="set:imbalance").select(strategy).run()
        nothing_has_an_effect(app)
    assert info.n_labeled == 48


@pytest.mark.parametrize(
    "section", ["Classes", "Mistakes", "Slices", "Thresholds", "Calibration", "Compare", "More labels?", "Runs"]
)
def test_hostile_labels_are_inert_in_every_section_that_judges(
    app: AppTest,
    hostile: tuple[str, bytes],
    judged,  # noqa: F811
    section: str,
) -> None:
    judged(import_hostile(app, hostile))
    open_page(app, "evaluate")
    app.segmented_control[0].set_value(section).run()
    nothing_has_an_effect(app)
    assert app.get("plotly_chart") or section in (
        "Slices",
        "Thresholds",
        "Calibration",
        "Compare",
        "More labels?",
        "Runs",
    )
    for chart in app.get("plotly_chart"):
        text = drawn(chart.proto.spec)
        assert not [effect for effect in ("<img", "<script", "$$") if effect in text]


@pytest.mark.parametrize("by", ["\x00class", "\x00length", "group"])
def test_hostile_labels_are_inert_in_the_charts_of_the_balance(
    app: AppTest, hostile: tuple[str, bytes], by: str
) -> None:
    info = import_hostile(app, hostile)
    open_page(app, "balance")
    app.segmented_control(key=f"by:{info.id}").set_value(by).run()
    nothing_has_an_effect(app)
    (chart,) = app.get("plotly_chart")
    text = drawn(chart.proto.spec)
    assert "&lt;img" in text, "the label is there, as words"
    assert not [effect for effect in ("<img", "<script", "$$") if effect in text]


@pytest.mark.parametrize("section", ["Words", "Map", "Search", "Findings"])
def test_a_hostile_file_is_inert_in_every_section_that_explores(
    app: AppTest, hostile: tuple[str, bytes], section: str
) -> None:
    info = import_hostile(app, hostile)
    open_page(app, "balance")
    app.segmented_control(key="section").set_value(section).run()
    nothing_has_an_effect(app)
    if section == "Words":
        assert "chance" in "".join(read_as_markdown(app))
    elif section == "Search":
        app.text_input(key=f"search:{info.id}").input("script").run()
        assert "violet-background[script]" in "".join(read_as_markdown(app))
    nothing_has_an_effect(app)


def drawn(spec: str) -> str:
    """The strings that a chart draws; what a click hands back is no part of them."""

    def texts(value: Any, key: str = "") -> Iterator[str]:
        if isinstance(value, dict):
            for name, part in value.items():
                if name not in ("customdata", "template"):
                    yield from texts(part, name)
        elif isinstance(value, list):
            for part in value:
                yield from texts(part, key)
        elif isinstance(value, str):
            yield value

    return "\n".join(texts(json.loads(spec)))


@pytest.mark.parametrize(
    ("labels", "given"),
    [([":red[x] <b>only</b>"] * 20, "Every labeled row is"), ([":red[x]"] * 20 + ["<b>y</b>"] * 2, "Too rare")],
    ids=["one-class", "two-rows"],
)
def test_a_label_inside_a_message_is_inert(app: AppTest, labels: list[str], given: str) -> None:
    content = pd.DataFrame({"text": [f"a plain review number {i}" for i in range(len(labels))], "label": labels})
    table = data.read_table(content.to_csv(index=False).encode(), name="r.csv")
    Workspace().add_dataset(data.build_dataset(table, text="text", label="label"))
    open_page(app, "finetune")
    assert given in app.error[0].value
    nothing_has_an_effect(app)
