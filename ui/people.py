"""Who looks at a page and what they may do: signing in, and the words for what a role does not allow.

Buttons are left out where a role does not allow what they do. That is a courtesy: whether something may be done is
asked by the functions that do it (see `sentiment.access`), for which this module says who acts, in the body of a page,
in callbacks and in fragments alike.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from sentiment import access
from sentiment.access import Person, Role
from sentiment.errors import AccessError
from sentiment.files import workspace_folder
from sentiment.roles import identify, read_roles
from ui import text
from ui.state import session


def person() -> Person:
    """Who acts in this thread: whoever's page it draws; nobody, where people have to sign in and it draws none.

    Raises:
        AccessError: if the file of roles, or that of secrets, cannot be used.
    """
    sign_in = bool(_providers())
    claims: Mapping[str, Any] = st.user.to_dict() if get_script_run_ctx(suppress_warning=True) is not None else {}
    return identify(read_roles(workspace_folder()), claims, sign_in=sign_in)


access.identify_by(person)


def may(role: Role) -> bool:
    """Whether whoever looks at the page has this role, or a higher one."""
    return access.may(role)


def greet() -> bool:
    """Takes in who looks at the page; returns whether there is anything for them, after drawing the way in if not.

    Raises:
        AccessError: as for `person`.
    """
    who = access.current()
    if who.name:
        session().person = who.name
    if who.role >= Role.VIEWER:
        return True
    _show_way_in()
    return False


def show_who() -> None:
    """Draws, in the sidebar, who is signed in and what they may do, or that this is a demo."""
    who = access.current()
    with st.sidebar:
        if access.is_demo():
            st.caption("A demo to look around in: type a text on the Explain page. Nothing is stored.")
        elif who.name:
            st.caption(f"{text.literal(who.name)} · {who.role.name.lower()}")
            st.button("Sign out", type="tertiary", icon=":material/logout:", on_click=st.logout)
        elif _providers():
            st.caption("You look around without having signed in.")
            _show_buttons()


def show_closed(role: Role, why: str) -> None:
    """Draws why a page, or a part of it, is closed to whoever looks at it.

    Args:
        role: what they would need.
        why: a sentence.
    """
    with st.container(border=True):
        st.markdown(f"**{why}**")
        if access.is_demo():
            st.markdown("This is a demo, in which nothing is stored. Start Sentiment Studio yourself to do it.")
        else:
            st.markdown(f"It takes the role {role.name.lower()}; an owner can give it to you.")
        st.page_link("pages/evaluate.py", label="See what the model can do", icon=":material/fact_check:")


def _show_way_in() -> None:
    st.title("Sentiment Studio", anchor=False)
    if st.user.get("is_logged_in") is True:
        email = text.literal(st.user.get("email") or "an account without an e-mail address")
        st.markdown(f"You signed in as {email}, which opens nothing here. Ask an owner to let you in.")
        if st.user.get("email_verified") is not True:
            st.caption("Whoever you signed in with does not say that this address has been checked.")
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
    elif _providers():
        st.markdown("Sign in to go on.")
        _show_buttons()
    else:
        st.markdown("Only people who sign in are let in, and signing in is not set up on this server.")
        st.caption("Whoever runs it finds the way in docs/access.md.")


def _show_buttons() -> None:
    for name in _providers():
        label = "Sign in" if name == "default" else f"Sign in with {text.literal(name)}"
        st.button(label, icon=":material/login:", key=f"login:{name}", on_click=st.login, args=(name,))


def _providers() -> list[str]:
    """The providers of identities in the secrets; none where signing in is not set up.

    Raises:
        AccessError: if there is a file of secrets that cannot be read: it may have been meant to close the server.
    """
    if not st.secrets.load_if_toml_exists():
        if any(Path(name).exists() for name in st.get_option("secrets.files")):
            raise AccessError(
                "The file of secrets cannot be read", expected="TOML", todo="Correct it; until then nobody is let in"
            )
        return []
    found = st.secrets.get("auth", {})
    if not isinstance(found, Mapping):
        raise AccessError("The secrets have an auth that is no table", todo="Correct it as docs/access.md shows")
    named = [name for name, value in found.items() if isinstance(value, Mapping) and "client_id" in value]
    return ["default"] if "client_id" in found else named
