"""Who may look: links that reproduce what is on the screen, and what a demo shows."""

from urllib.parse import urlencode, urlsplit

import streamlit as st

from sentiment import access
from sentiment.access import Role
from sentiment.demo import shown_in_demo
from sentiment.roles import read_roles
from sentiment.shown import ENVIRONMENT, FILE_NAME
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from ui import text
from ui.people import may, show_closed

_LINKED = {"Evaluate": "evaluate", "Explain": "explain", "Balance": "balance"}  # pages by their place in the address
_LOCAL = ("localhost", "127.0.0.1", "::1")


def link_to(page: str, run: Run, *, here: str | None) -> str:
    """The address of a page with a run in use.

    Args:
        page: its name in the address.
        run: the run, which brings its dataset.
        here: the address of the page that is open, without its parameters; None gives one without a host.
    """
    base = here.split("?", 1)[0].rsplit("/", 1)[0] if here else ""
    return f"{base}/{page}?{urlencode({'dataset': run.info.dataset.id, 'run': run.id})}"


def show_links(workspace: Workspace, run: Run) -> None:
    """Draws links to the pages of a run, ready to be copied, and who can follow them."""
    here = st.context.url
    for title, page in _LINKED.items():
        st.markdown(f"**{title}**")
        st.code(link_to(page, run, here=here), language=None, wrap_lines=True)
    st.caption(
        "Each page keeps its choices (class, cell, filters, text) in the address as well: open it, set it as it "
        "should be seen, and send the address as it stands in the browser."
    )
    if here and urlsplit(here).hostname in _LOCAL and may(Role.OWNER):
        st.info(
            "This address works on this machine alone. docs/hosting-proxy.md says how others can reach it.",
            icon=":material/link_off:",
        )
    if access.is_demo():
        st.markdown("Whoever has a link can look; nobody can change anything.")
    elif read_roles(workspace.root) is None:
        st.warning(
            "Nobody has to sign in on this server: whoever can open a link can change everything. Share a demo, or "
            "set up roles as docs/access.md shows, before others get to know the address.",
            icon=":material/lock_open:",
        )
    else:
        st.markdown("Whoever follows a link signs in, and does what their role allows.")


def show_demo(workspace: Workspace, run: Run) -> None:
    """Draws what a demo of this workspace shows, how it is started, and how to show this run alone."""
    if access.is_demo():
        st.markdown("This is a demo: everybody can look around and try the model, and nothing is stored.")
        return
    if not may(Role.OWNER):
        show_closed(Role.OWNER, "Demos are started by those who run the server.")
        return
    st.markdown(
        "A demo is a server of its own over the same workspace. Everybody can look around and try the model; nothing "
        "can be changed, by any road, and the folder may be read-only."
    )
    st.code(f"SENTIMENT_WORKSPACE={workspace.root} make demo", language=None, wrap_lines=True)
    infos, runs = shown_in_demo(workspace)
    datasets = text.listing(f"“{text.literal(info.name)}”" for info in infos)
    st.markdown(
        f"It shows {text.count(len(infos), 'dataset')} ({datasets}) and {text.count(len(runs), 'run')}."
        if infos
        else f"As the file {FILE_NAME} is now, it shows nothing."
    )
    st.markdown(f"To show this run alone, put this into {FILE_NAME} in the workspace:")
    st.code(only(run), language="toml")
    st.caption(f"Or into another file, which {ENVIRONMENT} names.")


def only(run: Run) -> str:
    """The content of a file that has a demo show one run and its dataset."""
    return f'datasets = ["{run.info.dataset.id}"]\nruns = ["{run.id}"]\n'
