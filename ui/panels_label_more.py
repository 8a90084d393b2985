"""Below the labeling card: several rows at once, classes, notes, settings; people and files stand beside it."""

import pandas as pd
import streamlit as st

from sentiment.access import Role
from sentiment.labeling import Labeling
from ui import text
from ui.guard import guard
from ui.panels_label import KEYS, label_rows, seat, shortcuts
from ui.panels_label_files import show_files
from ui.panels_label_people import show_people
from ui.people import may
from ui.state import session
from ui.widgets import page_of_rows

FREE_KEYS = list("123456789ABDEFGHIJKLMNOPQSTUVWXYZ")  # C and R belong to the browser's page
CURSOR_KEYS = ["Left", "Right", "Up", "Down", "Space", "Enter"]
PAGE = 50


def show_bulk(labeling: Labeling) -> None:
    """Draws a search whose rows are labeled at once, or become the queue."""
    first, second = st.columns([4, 1], vertical_alignment="bottom")
    wanted = first.text_input(
        "Rows that say", key=f"bulk:{labeling.id}", placeholder='slow battery, "not good", batter*, -refund'
    )
    regex = second.toggle("Regular expression", key=f"bulk-regex:{labeling.id}")
    if not wanted:
        st.caption("Look for words, then label all rows that you choose at once, or label them one by one.")
        return
    found = labeling.search(wanted, regex=regex)
    if not len(found):
        st.markdown("No row says that.")
        return
    part = page_of_rows(len(found), key=f"bulk-page:{labeling.id}:{wanted}:{regex}", size=PAGE)
    rows = [int(row) for row in found[part]]
    known = [labeling.known(row) for row in rows]
    table = pd.DataFrame(
        {
            "Row": [row + 1 for row in rows],
            "Text": [text.visible(labeling.text(row)) for row in rows],
            "Label": ["" if one.label is None else text.visible(one.label) for one in known],
        }
    )
    event = st.dataframe(
        table,
        key=f"bulk-rows:{labeling.id}:{wanted}:{regex}:{part.start}",
        hide_index=True,
        height=min(400, 35 * len(table) + 40),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={"Row": st.column_config.NumberColumn("Row", width=70)},
    )
    chosen = [rows[position] for position in event["selection"]["rows"]]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = labeling.classes()
        name = st.selectbox("Label them", names, key=f"bulk-class:{labeling.id}", width=200)
        title = f"Label {text.count(len(chosen), 'row')}" if chosen else "Choose rows first"
        if st.button(title, key="bulk-label", disabled=not chosen or not names, type="secondary"):
            labeling.label(chosen, str(name), who=session().person, how="bulk")
            session().notice = f"{text.count(len(chosen), 'row')} labeled. “Undo” takes all of it back at once."
            st.rerun()
        if st.button(f"Label all {text.number(len(found))} one by one", key="bulk-queue"):
            label_rows(labeling, tuple(int(row) for row in found))
            st.rerun()


def show_classes(labeling: Labeling) -> None:
    """Draws the classes, and how to add, rename, merge, retire and bring them back."""
    person, store = session().person, labeling.store
    offered = store.classes(labeling.id)
    names = [found.name for found in offered]
    add, rename, merge, retire = st.columns(4)
    with add, st.form(f"class-add:{labeling.id}", clear_on_submit=True):
        new = st.text_input("New class", max_chars=200, key=f"class-new:{labeling.id}")
        if st.form_submit_button("Add") and new.strip():
            store.add_class(labeling.id, new, who=person)
            st.rerun()
    with rename, st.form(f"class-rename:{labeling.id}", clear_on_submit=True):
        old = st.selectbox("Class", names, key=f"rename-old:{labeling.id}")
        name = st.text_input("Its new name", max_chars=200)
        if st.form_submit_button("Rename", disabled=not names) and name.strip():
            store.rename_class(labeling.id, str(old), name, who=person)
            st.rerun()
    with merge, st.form(f"class-merge:{labeling.id}", clear_on_submit=True):
        parts = st.multiselect("Let these", names, key=f"merge-parts:{labeling.id}")
        into = st.selectbox("count as", names, key=f"merge-into:{labeling.id}")
        if st.form_submit_button("Merge", disabled=len(names) < 2) and parts:
            store.merge_classes(labeling.id, parts, str(into), who=person)
            st.rerun()
    with retire, st.form(f"class-retire:{labeling.id}", clear_on_submit=True):
        gone = st.selectbox("No longer offer", names, key=f"retire:{labeling.id}")
        st.caption("Rows that have it keep it.")
        if st.form_submit_button("Retire", disabled=not names):
            store.retire_class(labeling.id, str(gone), who=person)
            st.rerun()
    aside = [found for found in store.all_classes(labeling.id) if not found.offered]
    for found in aside:
        with st.container(horizontal=True, vertical_alignment="center"):
            how = "merged into another" if found.merged_into is not None else "retired"
            st.markdown(f"{text.literal(found.name)} ({how})")
            if st.button("Bring back", key=f"restore:{found.id}"):
                store.restore_class(labeling.id, found.id, who=person)
                st.rerun()


def show_notes(labeling: Labeling) -> None:
    """Draws the notes of the row on the card, and lets one be added."""
    row = seat(labeling).row
    if row is None:
        st.caption("There is no row on the card.")
        return
    notes = labeling.store.notes(labeling.id, row)
    for note in notes.to_dict("records"):
        when = text.date(note["at"].isoformat())
        st.markdown(f"**{text.literal(note['who'])}**, {when}: {text.literal(note['text'], limit=2_000)}")
    with st.form(f"note:{labeling.id}", clear_on_submit=True):
        new = st.text_input(f"A note on row {text.number(row + 1)}", max_chars=2_000)
        if st.form_submit_button("Keep the note") and new.strip():
            labeling.mark(row, "note", who=session().person, text=new)
            st.rerun()


def show_settings(labeling: Labeling) -> None:
    """Draws the settings of labeling: goal, pace of updates, opinions, keys."""
    store, found = labeling.store, labeling.store.settings(labeling.id)
    keys = shortcuts(labeling.classes(), found["keys"])
    with st.form(f"label-settings:{labeling.id}"):
        first, second = st.columns(2)
        with first:
            goal = st.number_input("Goal, in labels", 1, 1_000_000, found["goal"])
            every = st.number_input("Learn anew after so many labels", 1, 1_000, found["refresh_every"])
        with second:
            share = st.slider(
                "Share of rows for several people", 0, 100, round(100 * found["opinions_share"]), format="%d %%"
            )
            opinions = st.segmented_control("People for each of them", [2, 3], default=found["opinions"], required=True)
        st.markdown("Keys")
        chosen = {}
        options = ["", *FREE_KEYS, *CURSOR_KEYS]
        columns = st.columns(4)
        for position, (name, key) in enumerate(keys.items()):
            title = name.capitalize() if name in KEYS else text.shorten(text.visible(name), 24)
            index = options.index(key) if key in options else 0
            chosen[name] = columns[position % 4].selectbox(
                title, options, index=index, key=f"key:{labeling.id}:{position}"
            )
        if st.form_submit_button("Save"):
            own = {name: key for name, key in chosen.items() if key and key != shortcuts(labeling.classes(), {})[name]}
            used = [key for key in chosen.values() if key]
            if len(set(used)) < len(used):
                st.error("Two of them have the same key. Choose another one for one of them.")
                return
            store.set_settings(
                labeling.id, who=session().person, goal=int(goal), refresh_every=int(every),
                opinions_share=share / 100, opinions=int(opinions), keys=own,
            )  # fmt: skip
            st.rerun()


def show_more(labeling: Labeling) -> None:
    """Draws all of it, one thing at a time; classes and settings are for owners."""
    parts = {
        "Several at once": show_bulk,
        "Classes": show_classes,
        "Notes": show_notes,
        "People": show_people,
        "Files": show_files,
        "Settings": show_settings,
    }
    if not may(Role.OWNER):
        parts = {name: show for name, show in parts.items() if name not in ("Classes", "Settings")}
    chosen = st.segmented_control("More", list(parts), key=f"label-more:{labeling.id}", label_visibility="collapsed")
    if chosen is not None:
        with guard():
            parts[chosen](labeling)
