"""What a person does on the pages, in their words; shared by the tests and the screenshots."""

from playwright.sync_api import Page

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'


def settle(page: Page) -> None:
    """Waits until the script of the page has run and what it drew has arrived."""
    page.locator(IDLE).wait_for(timeout=60_000)
    page.wait_for_timeout(150)
    page.locator(IDLE).wait_for(timeout=60_000)


def turn_to(page: Page, name: str) -> None:
    """Goes to another page by its name in the sidebar."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    settle(page)
