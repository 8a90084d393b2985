"""The frame around every page: title, navigation, sidebar, and what is in use."""

import gc
import sys
from contextvars import ContextVar

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from sentiment.access import Role
from ui import cache, people, sidebar, widgets
from ui.guard import guard
from ui.state import session

ABOUT = (
    "**Sentiment Studio** turns a file of reviews into a sentiment classifier that you can trust: "
    "look at the data, fine-tune a small pretrained model on it, judge it class by class."
)
# Pages that are of no use to lower roles, and why.
_NEEDED = {"label": (Role.LABELER, "Labeling changes what everybody sees, so not everybody may do it.")}
_MANY = 20  # modules
_spared = 0  # modules that were imported when the last ones were spared
_framed: ContextVar[bool] = ContextVar("framed", default=False)


def draw() -> None:
    """Draws the frame and, in it, the page that the address names."""
    st.set_page_config(
        page_title="Sentiment Studio: from reviews to a classifier you can trust",
        page_icon=str(sidebar.MARK),
        layout="wide",
        menu_items={"About": ABOUT},
    )
    page = st.navigation(
        [
            st.Page("pages/data.py", title="Data", icon=":material/table_rows:", url_path="start", default=True),
            st.Page("pages/balance.py", title="Balance", icon=":material/balance:", url_path="balance"),
            st.Page("pages/languages.py", title="Languages", icon=":material/translate:", url_path="languages"),
            st.Page("pages/label.py", title="Label", icon=":material/label:", url_path="label"),
            st.Page("pages/finetune.py", title="Fine-tune", icon=":material/model_training:", url_path="finetune"),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/fact_check:", url_path="evaluate"),
            st.Page("pages/explain.py", title="Explain", icon=":material/psychology_alt:", url_path="explain"),
            st.Page("pages/share.py", title="Share", icon=":material/ios_share:", url_path="share"),
            st.Page(_to_data, url_path="data", visibility="hidden"),
            st.Page(_to_finetune, url_path="fine-tune", visibility="hidden"),
        ]
    )
    widgets.let_texts_run()
    with guard():
        if not people.greet():
            return
        workspace = cache.workspace()
        session().follow(workspace)
        sidebar.draw(workspace)
        people.show_who()
        widgets.show_notice(workspace)
        _run(page)
    _spare_modules()


def _spare_modules() -> None:
    """Takes what imports have left out of the garbage collection that follows every run of a page.

    Streamlit collects in full after each, and nobody's page moves meanwhile: a tenth of a second, nearly all of it for
    the code of libraries, which is never garbage.
    """
    global _spared
    if len(sys.modules) >= _spared + _MANY:
        _spared = len(sys.modules)
        gc.unfreeze()  # what was spared and is no longer used goes now
        gc.collect()
        gc.freeze()


def _run(page: StreamlitPage) -> None:
    """Draws the page, or why it is closed to whoever looks at it."""
    role, why = _NEEDED.get(page.url_path, (Role.VIEWER, ""))
    if not people.may(role):
        st.title(page.title, anchor=False)
        people.show_closed(role, why)
        return
    mark = _framed.set(True)
    try:
        page.run()
    finally:
        _framed.reset(mark)


def _to_data() -> None:
    """The first page has no name in the address; who types one gets there all the same."""
    st.switch_page("pages/data.py")


def _to_finetune() -> None:
    st.switch_page("pages/finetune.py")


def frame() -> None:
    """Draws the frame around a page that was reached without it; every page calls this first.

    Until `st.navigation` has run once in a server process, Streamlit takes the files in `pages/` for pages of its older
    kind and runs the one that the address names without app.py: so it happens to whoever reloads a page after the
    server was restarted. For that to find the same page again, an address must be the name of its file.
    """
    if not _framed.get():
        draw()
        st.stop()
