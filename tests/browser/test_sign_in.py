"""Signing in through a provider of identities, in a real browser: who somebody is decides what they may do."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sentiment.workspace import Workspace
from tests.browser.identity_provider import IdentityProvider
from tests.browser.server import AppServer
from tests.browser.steps import settle
from tests.demo_world import made_dataset

pytestmark = pytest.mark.browser
ROLES = 'owner = ["ann@example.org"]\nlabeler = ["*@example.org"]\n'


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    running = IdentityProvider()
    yield running
    running.stop()


@pytest.fixture
def app(tmp_path: Path, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppServer]:
    running = AppServer(tmp_path)
    workspace = Workspace(running.workspace)
    workspace.add_dataset(made_dataset(b"text,label\n" + b"".join(b"row %d,\n" % i for i in range(9)) + b"x,y\nz,w\n"))
    (running.workspace / "roles.toml").write_text(ROLES)
    home = tmp_path / "home"
    (home / ".streamlit").mkdir(parents=True)
    (home / ".streamlit" / "secrets.toml").write_text(provider.secrets_for(running.url))
    monkeypatch.setenv("HOME", str(home))
    running.start()
    yield running
    running.kill()
    log = running.log_text()
    assert "Traceback" not in log, log[-3000:]
    assert "told to nobody" not in log


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def sign_in(page: Page, app: AppServer, provider: IdentityProvider, **claims: object) -> None:
    provider.claims = dict(claims)
    page.goto(app.url)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Sign out").first).to_be_visible(timeout=60_000)
    settle(page)


def test_a_labeler_signs_in_labels_under_their_address_and_signs_out(app, provider, page):
    page.goto(app.url)
    expect(page.get_by_text("Sign in to go on")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Dataset in use")).to_have_count(0)
    sign_in(page, app, provider, email="Zoe@example.org", email_verified=True)
    expect(page.get_by_text(re.compile("zoe@.?example.org · labeler"))).to_be_visible()
    expect(page.get_by_test_id("stFileUploader")).to_have_count(0)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Label", exact=True).click()
    page.locator(".st-key-label-classes").get_by_role("button").first.click(timeout=60_000)
    settle(page)
    workspace = Workspace(app.workspace)
    info = workspace.datasets()[0]
    assert set(workspace.labels.history(info.id)["who"]) == {"zoe@example.org"}
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Sign in to go on")).to_be_visible(timeout=60_000)


def test_an_owner_may_add_data(app, provider, page):
    sign_in(page, app, provider, email="ann@example.org", email_verified=True)
    expect(page.get_by_text(re.compile("ann@.?example.org · owner"))).to_be_visible()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()


def test_a_stranger_and_an_unchecked_address_see_nothing(app, provider, page):
    for claims in ({"email": "eve@evil.example", "email_verified": True}, {"email": "ann@example.org"}):
        sign_in(page, app, provider, **claims)
        expect(page.get_by_text("opens nothing here")).to_be_visible()
        expect(page.get_by_text("Dataset in use")).to_have_count(0)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("Sign in to go on")).to_be_visible(timeout=60_000)


def test_a_forged_cookie_is_nobodys(app, page):
    page.goto(app.url)
    settle(page)
    forged = {"is_logged_in": True, "email": "ann@example.org", "email_verified": True, "origin": app.url}
    value = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
    page.context.add_cookies([{"name": "_streamlit_user", "value": f"2|1:0|{value}|signed", "url": app.url}])
    page.reload()
    expect(page.get_by_text("Sign in to go on")).to_be_visible(timeout=60_000)
