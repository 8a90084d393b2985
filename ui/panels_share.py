"""A run handed on: the report and the package as downloads, and the endpoint for other programs."""

import os
from urllib.parse import urlsplit

import streamlit as st

from sentiment import access
from sentiment.access import Role
from sentiment.packaging import package_of
from sentiment.reporting import render_report
from sentiment.serving import served
from sentiment.serving.http import TOKEN
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from ui import cache_share, text
from ui.guard import guard
from ui.people import may
from ui.state import session

_EXAMPLE = '{"texts": ["A wonderful little camera.", "It broke after a day."]}'


def show_report_file(run: Run) -> None:
    """Draws the download of the report."""
    st.markdown(
        "The whole report in one file: the verdict, the figures of each class with their intervals, the charts, the "
        "mistakes. It opens without a network, asks nobody for anything, and prints well."
    )
    st.download_button(
        "Download the report",
        lambda: render_report(run),
        f"report-{run.id}.html",
        mime="text/html",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
    _show_command("By command:", f"report {run.folder} --out report.html")


def show_package(run: Run) -> None:
    """Draws the downloads of the model, how it is used elsewhere, and its card."""
    card = cache_share.card(run)
    st.markdown(
        "The model in one file: weights, tokenizer, settings and a card that says what it is. It is taken wherever a "
        "run or a base model is: your next project can start from it."
    )
    with st.container(horizontal=True):
        st.download_button(
            "Download the package",
            lambda: package_of(run),
            f"model-{run.id}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Download the card", card, f"card-{run.id}.md", mime="text/markdown", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
    st.caption("In Python:")
    lines = [
        "from sentiment import load",
        f'model = load("model-{run.id}.zip")',
        'probs = model(["It broke after a day."])',
    ]
    st.code("\n".join(lines), language="python", wrap_lines=True)
    _show_command(
        "For programs without Python, the network as ONNX; docs/sharing.md shows how to feed it:",
        f"export {run.folder} --out model.zip --onnx model.onnx",
    )
    with st.expander("The card"):
        st.markdown(text.without_signs(card))


def show_endpoint(workspace: Workspace, run: Run) -> None:
    """Draws which run answers other programs, the switch for it, and how to ask."""
    answers = run.id in served.served_runs(workspace)
    st.markdown("Other programs can ask this run's model over HTTP, beside the dashboard, while it runs.")
    if served.is_fixed():
        st.info(f"What is served is fixed by {served.ENVIRONMENT}.", icon=":material/lock:")
    elif may(Role.OWNER):
        _show_switch(workspace, run, answers=answers)
    elif not answers:
        st.caption("An owner can switch it on for this run.")
    address = _address()
    header = ' -H "Authorization: Bearer $TOKEN"' if os.environ.get(TOKEN) else ""
    if answers:
        run_field = _EXAMPLE[:-1] + f', "run": "{run.id}"}}'
        st.code(
            f"curl {address}/api/predict -H 'Content-Type: application/json'{header} -d '{run_field}'",
            language=None,
            wrap_lines=True,
        )
        st.caption("Without a run, the one that was switched on last answers.")
    st.markdown(f"[How to ask]({address}/api/docs) · [OpenAPI]({address}/api/openapi.json)")
    _show_who_may_ask(address)
    _show_command("The endpoint alone, without the dashboard:", f"serve {run.folder} --port 8502")


def _show_command(what: str, command: str) -> None:
    """Draws a command for those who run the server; others have no use for its folders."""
    if may(Role.OWNER):
        st.caption(what)
        st.code(f"python -m sentiment {command}", language=None, wrap_lines=True)


def _show_switch(workspace: Workspace, run: Run, *, answers: bool) -> None:
    state, key = session(), f"serve:{run.id}"
    state.set_widget(key, answers)

    def change() -> None:
        with guard():
            served.serve_run(workspace, run.id, on=bool(state.widget(key)))

    st.toggle("This run answers at /api/predict", key=key, on_change=change)
    others = [other for other in served.served_runs(workspace) if other != run.id]
    if others:
        st.caption(f"{text.count(len(others), 'other run')} can be asked by name as well: {', '.join(others)}.")


def _show_who_may_ask(address: str) -> None:
    if os.environ.get(TOKEN):
        st.markdown(f"Who asks must send the token that stands in {TOKEN}.")
    elif not access.is_demo() and urlsplit(address).hostname not in ("localhost", "127.0.0.1", "::1"):
        st.warning(
            f"Whoever can reach this address can ask. Set {TOKEN} to have them send a token.",
            icon=":material/lock_open:",
        )


def _address() -> str:
    """Where this server answers, as the browser knows it: at the root, also where its pages stand under a path."""
    here = urlsplit(st.context.url or "http://localhost:8501/")
    return f"{here.scheme}://{here.netloc}"
