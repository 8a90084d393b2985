"""Pages and roles: who sees what, and that a click by somebody who must not write changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sentiment.labeling import Labeling
from sentiment.serving import client
from sentiment.training.config import FinetuneConfig
from sentiment.training.runs import RunState
from sentiment.workspace import Workspace
from tests.demo_world import predictions, unchanged
from tests.pages.conftest import open_page, words

OWNER, LABELER, VIEWER = "owner@example.org", "labeler@example.org", "viewer@example.com"
ROLES = f'owner = ["{OWNER}"]\nlabeler = ["*@example.org"]\nviewer = ["{VIEWER}"]\n'
SECRETS = {
    "auth": {
        "redirect_uri": "http://localhost:8501/oauth2callback",
        "cookie_secret": "not a secret",
        "client_id": "id",
        "client_secret": "not one either",
        "server_metadata_url": "https://idp.example.org/.well-known/openid-configuration",
    }
}
PAGES = sorted(path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py"))
CSV = b"text,label\n" + b"".join(b"a new review %d,%s\n" % (i, b"good" if i % 2 else b"bad") for i in range(20))


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """No base model reads the texts: rows come at random."""
    monkeypatch.setattr(Labeling, "update_soon", lambda self: None)


@pytest.fixture
def root(workspace: Workspace, add: Any) -> Path:
    """A workspace with a dataset, labels of two people that differ, a retired class, a run and a deleted dataset."""
    info = add({"good": 12, "bad": 6, "": 12})
    run = workspace.create_run(info.id, FinetuneConfig())
    run.write_predictions(predictions(workspace.dataset(info.id)))
    run.write_state(RunState(status="finished", step=9, total_steps=9))
    store = workspace.labels
    store.label(info.id, [0], "good", who="ann")
    store.label(info.id, [0], "bad", who="bob")
    store.add_class(info.id, "gone", who="ann")
    store.retire_class(info.id, "gone", who="ann")
    return workspace.root


@pytest.fixture
def modelled(root: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace, whose run has a model as far as pages look; what one would answer is the same for every text."""
    folder = workspace.runs()[0].folder / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"format": 1, "architecture": "TextCNN", "encoder": {}}')
    monkeypatch.setattr(client, "start", lambda: None)
    return root


@pytest.fixture
def signed(app: AppTest, root: Path) -> AppTest:
    """The app with signing in and roles set up."""
    (root / "roles.toml").write_text(ROLES)
    app.secrets["auth"] = SECRETS["auth"]
    return app


def as_(app: AppTest, email: str | None) -> AppTest:
    app.user = {"is_logged_in": True, "email": email, "email_verified": True} if email else {"is_logged_in": False}
    return app


def places(app: AppTest) -> list[tuple[str, Any]]:
    """The page as it opens, and with each option of each of its segmented controls."""
    return [("", None)] + [
        (str(control.key), option) for control in app.segmented_control for option in control.options
    ]


def fresh(project_folder: Path, page: str, place: tuple[str, Any], *, email: str | None = None) -> AppTest:
    """A session of its own with a page at one of its places; the Data page has a file in its box, where it has one."""
    app = AppTest.from_file(str(project_folder / "app.py"), default_timeout=60)
    if email is not None:
        app.secrets["auth"] = SECRETS["auth"]
    open_page(as_(app, email), page)
    if page == "data" and app.file_uploader:
        app.file_uploader[0].set_value(("new.csv", CSV, "text/csv")).run()
    control = next((control for control in app.segmented_control if control.key == place[0]), None)
    return app if control is None else control.set_value(place[1]).run()


def controls(app: AppTest) -> list[Any]:
    """Everything that can be clicked: buttons, those of forms too, toggles and boxes to tick."""
    return [*app.button, *app.toggle, *app.checkbox]


def class_button(app: AppTest) -> Any:
    """The button of the first class on the Label page."""
    return next(found for found in app.button if (found.key or "").startswith("class:0:"))


def click(control: Any) -> Any:
    """Clicks it, for the next run."""
    return control.click() if control.type == "button" else control.set_value(not control.value)


def unclicked(app: AppTest, clicked: set[tuple[str, str]]) -> list[int]:
    """The places of the controls that can be clicked and were not, and which thereby were."""
    found = {(str(one.key), one.label): n for n, one in enumerate(controls(app)) if not one.disabled}
    new = [place for name, place in found.items() if name not in clicked]
    clicked |= set(found)
    return new


def test_without_roles_and_signing_in_everybody_is_an_owner(app, root):
    assert "Sign in" not in [b.label for b in open_page(app, "data").button]
    assert app.file_uploader


@pytest.mark.parametrize("page", PAGES)
def test_a_demo_draws_every_page_without_a_way_to_write(app, root, page, monkeypatch):
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    with unchanged(root):
        open_page(app, page)
        assert not app.exception
        assert not [error.value for error in app.error]
        assert "demo" in "\n".join(str(caption.value) for caption in app.sidebar.caption)
        said = {b.label for b in app.button}
        assert not said & {"Delete", "Save", "Fine-tune", "Resume", "Stop", "Import", "Use this sample", "Undo"}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_in_a_demo_every_button_of_every_page_leaves_the_workspace_as_it_is(
    project_folder, modelled, page, monkeypatch
):
    monkeypatch.setenv("SENTIMENT_MODE", "demo")
    clicked: set[tuple[str, str]] = set()
    with unchanged(modelled):
        for place in places(fresh(project_folder, page, ("", None))):
            for number in unclicked(fresh(project_folder, page, place), clicked):
                app = fresh(project_folder, page, place)
                click(controls(app)[number]).run()
                assert not app.exception


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_click_on_a_button_that_an_owner_was_shown_does_nothing_for_others(project_folder, signed, modelled, page):
    """The button is there, and the one who clicks it has lost the role, or the session, since it was drawn."""
    clicked: set[tuple[str, str]] = set()
    for place in places(fresh(project_folder, page, ("", None), email=OWNER)):
        for number in unclicked(fresh(project_folder, page, place, email=OWNER), clicked):
            app = fresh(project_folder, page, place, email=OWNER)
            with unchanged(modelled):
                click(controls(app)[number])
                as_(app, VIEWER if number % 2 else None).run()
    assert clicked


def test_nobody_sees_a_way_to_sign_in_and_nothing_else(signed, root):
    for page in PAGES:
        open_page(as_(signed, None), page)
        assert [b.label for b in signed.button] == ["Sign in"]
        assert "shop" not in words(signed)
        assert not signed.dataframe
        assert not signed.selectbox


def test_an_address_that_nobody_has_checked_opens_nothing(signed):
    signed.user = {"is_logged_in": True, "email": OWNER}
    assert "has been checked" in words(open_page(signed, "data"))
    signed.user = {"is_logged_in": True, "email": OWNER, "email_verified": False}
    assert "opens nothing" in words(signed.run())
    assert not signed.selectbox


@pytest.mark.parametrize("content", ["owner = [", "owners = []", 'owner = "me"', 'others = "owner"', 'owner = ["*"]'])
def test_a_file_of_roles_that_cannot_be_used_closes_every_page(signed, root, content):
    (root / "roles.toml").write_text(content)
    for page in PAGES:
        open_page(as_(signed, OWNER), page)
        assert "roles.toml cannot be used" in words(signed).replace("\\", "")
        assert not signed.button
        assert not signed.selectbox


def test_signing_in_without_a_file_of_roles_opens_nothing(app, root):
    app.secrets["auth"] = SECRETS["auth"]
    assert "nothing says what they may do" in words(open_page(as_(app, OWNER), "data"))
    assert not app.selectbox


def test_a_labeler_labels_under_their_own_name_alone(signed, root, workspace: Workspace):
    open_page(as_(signed, LABELER), "label")
    assert signed.text_input(key="person").disabled
    info = workspace.datasets()[0]
    with unchanged(workspace.root):
        signed.session_state["studio"].person = "ann"
        class_button(signed).click().run()
        assert "cannot label as ann" in words(signed)
    class_button(signed).click().run()
    assert workspace.labels.history(info.id)["who"].tolist() == ["ann", "bob", LABELER]
    assert f"{LABELER.split('@')[0]}" in json.dumps([caption.value for caption in signed.sidebar.caption])


def test_a_labeler_is_not_offered_what_owners_do(signed, root):
    open_page(as_(signed, LABELER), "label")
    more = next(c for c in signed.segmented_control if str(c.key).startswith("label-more"))
    assert not {"Classes", "Settings"} & set(more.options)
    open_page(signed, "data")
    assert not signed.file_uploader
    assert not {b.label for b in signed.button} & {"Delete", "Save", "Use this sample"}
    open_page(signed, "finetune")
    assert "Fine-tune" not in {b.label for b in signed.button}


def test_an_owner_who_signed_in_does_as_before(signed, root, workspace: Workspace):
    open_page(as_(signed, OWNER), "data")
    signed.file_uploader[0].set_value(("new.csv", CSV, "text/csv")).run()
    next(b for b in signed.button if b.label == "Import").click().run()
    assert len(workspace.datasets()) == 2
