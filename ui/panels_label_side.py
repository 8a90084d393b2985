"""Beside the labeling card: how far it is, what the labels have bought, and the written guidelines."""

import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.access import Role, current
from sentiment.labeling import Labeling
from sentiment.labels.settings import MAX_GUIDELINE_CHARS
from ui import text
from ui.guard import guard
from ui.people import may
from ui.presence import is_shared
from ui.state import session
from ui.widgets import is_dark, show_figure

EVERY = 2.0  # seconds between looks at what others label and at what was learned


def warn_of_shared_name(labeling: Labeling) -> None:
    """Draws a warning while another window labels under the name that this one does; nothing for who signed in."""
    state = session()
    if not current().name and is_shared(labeling.id, state.person, state.id):
        st.warning(
            f"Another window labels as **{text.literal(state.person, limit=40)}** too. If it is not yours, choose a "
            "name of your own above: under one name you get the same rows, and Undo takes back each other's labels.",
            icon=":material/group:",
        )


def show_progress(labeling: Labeling) -> None:
    """Draws the labels of each class, the pace and the way to the goal."""
    stats = labeling.stats()
    done, goal = stats["labeled_by_people"], stats["goal"]
    st.progress(stats["progress"], text=f"{text.number(done)} of {text.count(goal, 'label')} given here")
    counts = stats["per_class"]
    most = max(counts.values(), default=0) or 1
    table = pd.DataFrame(
        {"Class": [text.visible(name) for name in counts], "Rows": list(counts.values())},
    )
    table["Share"] = [n / most for n in counts.values()]
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(table) <= 8 else 320,
        column_config={
            "Rows": st.column_config.NumberColumn("Rows", width=70),
            "Share": st.column_config.ProgressColumn(" ", format=" ", min_value=0.0, max_value=1.0),
        },
    )
    aside = [f"{text.number(stats['unlabeled'])} without a label"]
    if stats["last_hour"]:
        aside.append(f"{text.count(stats['last_hour'], 'label')} in the last hour")
    aside += [f"{text.number(stats[name])} {name}" for name in ("skipped", "flagged", "excluded") if stats[name]]
    st.caption(" · ".join(aside))


def show_learning(labeling: Labeling) -> None:
    """Draws macro-F1 against labels, and whether more of them pay."""
    if labeling.problem:
        st.warning(text.literal(labeling.problem, limit=400), icon=":material/warning:")
        return
    reading = labeling.reading()
    # Drawn from the start: the browser stands still while it loads charts, which must not be amid the labels.
    _show_curve(labeling)
    if reading is None:
        st.caption(labeling.plateau().sentence + (" Updating …" if labeling.learning else ""))
        return
    done, total = reading
    st.progress(done / total if total else 0.0, text="The base model reads the texts; until then rows come at random")


def _show_curve(labeling: Labeling) -> None:
    curve = labeling.curve
    table = pd.DataFrame(
        [(p.n_labels, p.macro_f1, p.low, p.high) for p in curve], columns=["n_labels", "macro_f1", "low", "high"]
    )
    title = (
        f"Macro-F1 {text.percent(curve[-1].macro_f1)} after {text.count(curve[-1].n_labels, 'label')}"
        if curve
        else "The curve begins with a few labels of each class"
    )
    show_figure(figures.plot_learning(table, title=title, dark=is_dark()), key=f"learning:{labeling.id}")


def show_guidelines(labeling: Labeling) -> None:
    """Draws what was agreed on how to label, and lets owners change it."""
    written = labeling.store.guidelines(labeling.id)
    if not written and not may(Role.OWNER):
        return
    with st.expander("Guidelines", expanded=bool(written)):
        with st.container():  # one, however many lines: what stands below would be closed if it moved
            for line in written.splitlines():
                st.markdown(text.literal(line, limit=2_000))
        if not may(Role.OWNER):
            return
        with st.popover("Edit", icon=":material/edit:"), guard():
            _edit_guidelines(labeling, written)


def _edit_guidelines(labeling: Labeling, written: str) -> None:
    """Draws the editor, which follows what others write until somebody types here."""
    state, key = session(), f"guidelines:{labeling.id}"
    began = state.kept.get(key, written)
    if state.widget(key) in (None, began):
        began = written
        state.set_widget(key, written)
    state.kept[key] = began
    new = st.text_area("What counts as which class?", key=key, max_chars=MAX_GUIDELINE_CHARS, height=240)
    if not st.button("Save", key=f"save:{key}") or new == written:
        return
    if began != written:
        state.kept[key] = written
        st.warning("Somebody changed the guidelines meanwhile. Take over what you need of them; then save again.")
        return
    labeling.store.set_guidelines(labeling.id, new, who=state.person)
    state.kept[key] = new
    st.rerun()


def show_side(labeling: Labeling) -> None:
    """Draws progress and what was bought, and looks again every few seconds."""
    st.fragment(_draw_side, run_every=EVERY, key=f"side:{labeling.id}")(labeling)


def _draw_side(labeling: Labeling) -> None:
    with guard():
        warn_of_shared_name(labeling)
        show_progress(labeling)
        show_learning(labeling)
