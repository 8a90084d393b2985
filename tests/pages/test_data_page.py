"""Data: from a dropped file to a dataset."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from sentiment.data import DatasetInfo
from sentiment.workspace import Workspace
from tests.pages.conftest import words
from ui.text import literal


def drop(app: AppTest, name: str, content: bytes) -> AppTest:
    """Puts a file into the upload box."""
    app.run()
    return app.file_uploader[0].set_value((name, content, "text/csv")).run()


def rows(*lines: str) -> bytes:
    return "\n".join(("text,label", *lines)).encode()


REVIEWS = rows(*(f"this is the long text of review {i},{('good', 'bad')[i % 2]}" for i in range(20)))


def test_a_file_is_imported_with_the_columns_that_are_proposed(app: AppTest, workspace: Workspace) -> None:
    drop(app, "reviews.csv", REVIEWS)
    assert next(box.value for box in app.selectbox if box.label == "Text") == "text"
    assert next(box.value for box in app.selectbox if box.label == "Label") == "label"
    app.button(key="import").click().run()
    (info,) = workspace.datasets()
    assert (info.name, info.n_rows, info.class_counts) == ("reviews", 20, {"bad": 10, "good": 10})
    assert app.metric[0].value == "20"
    assert "20 rows read, 20 kept" in words(app)


def test_labels_can_be_left_out(app: AppTest, workspace: Workspace) -> None:
    drop(app, "reviews.csv", REVIEWS)
    next(box for box in app.selectbox if box.label == "Label").select_index(0).run()
    assert "Without labels" in words(app)
    app.button(key="import").click().run()
    assert workspace.datasets()[0].n_labeled == 0


def test_spellings_are_merged_when_the_offer_stands_and_kept_apart_when_not(app: AppTest, workspace: Workspace) -> None:
    content = rows(*(f"a long enough text number {i},{('Good', 'good ', 'bad')[i % 3]}" for i in range(30)))
    drop(app, "a.csv", content)
    toggle = next(found for found in app.toggle if found.label.startswith("Merge"))
    assert toggle.value
    toggle.set_value(False).run()
    app.button(key="import").click().run()
    assert len(workspace.datasets()[0].classes) == 3
    drop(app, "b.csv", content + b"\n")
    app.button(key="import").click().run()
    assert sorted(len(info.classes) for info in workspace.datasets()) == [2, 3]


def test_star_ratings_become_sentiments_only_when_asked(app: AppTest, workspace: Workspace) -> None:
    drop(app, "stars.csv", rows(*(f"a long enough text number {i},{i % 5 + 1}" for i in range(30))))
    next(found for found in app.toggle if "ratings" in found.label).set_value(True).run()
    app.button(key="import").click().run()
    assert workspace.datasets()[0].class_counts == {"negative": 12, "neutral": 6, "positive": 12}


def test_a_file_that_was_imported_before_is_recognised(app: AppTest, add: Callable[..., DatasetInfo]) -> None:
    drop(app, "reviews.csv", REVIEWS)
    app.button(key="import").click().run()
    drop(app, "another-name.csv", REVIEWS)
    assert "You imported this file" in words(app)
    assert "reviews" in words(app)
    next(found for found in app.button if found.label == "Use it").click().run()
    assert "You imported this file" not in words(app)
    assert app.metric[0].value == "20"


def test_a_broken_file_is_explained_and_nothing_is_imported(app: AppTest, workspace: Workspace) -> None:
    drop(app, "picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(300))
    assert not app.exception
    assert app.error
    assert not [found for found in app.button if found.label == "Import"]
    assert workspace.datasets() == []


def test_the_wrong_encoding_is_explained_and_can_be_changed_back(app: AppTest) -> None:
    drop(app, "umlauts.csv", rows(*(f"schöne größe nummer {i} zum prüfen,{'ab'[i % 2]}" for i in range(10))))
    encoding = next(box for box in app.selectbox if box.label == "Encoding")
    encoding.set_value("utf-16").run()
    assert not app.exception
    assert app.error
    next(box for box in app.selectbox if box.label == "Encoding").set_value("utf-8").run()
    assert not app.error
    assert app.button(key="import")


def test_hostile_names_are_shown_literally(app: AppTest) -> None:
    name = "<b>x</b> $$y$$ :red[z] :smile:"
    drop(app, f"{name}.csv", REVIEWS)
    app.button(key="import").click().run()
    assert any(found.value == literal(name) for found in app.subheader)


def test_conflicting_labels_are_listed_with_their_rows(app: AppTest) -> None:
    lines = [f"this is the long text of review {i},{('good', 'bad')[i % 2]}" for i in range(20)]
    drop(app, "conflict.csv", rows(*lines, "this is the long text of review 0,bad"))
    app.button(key="import").click().run()
    assert "1 text with two or more labels" in words(app)
    table = next(found.value for found in app.dataframe if "Labels" in found.value)
    assert table["Rows"].tolist() == ["1, 21"]


def test_a_label_column_of_thousands_of_values_is_explained(app: AppTest, workspace: Workspace) -> None:
    drop(app, "ids.csv", rows(*(f"a long enough text number {i},id {i}" for i in range(3000))))
    box = next(box for box in app.selectbox if box.label == "Label")
    box.select_index(1).run()
    app.button(key="import").click().run()
    assert not app.exception
    assert "3\u202f000 different values" in app.error[0].value
    assert workspace.datasets() == []
