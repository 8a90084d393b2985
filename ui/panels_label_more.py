"""Below the labeling card: several rows at once, classes, notes, settings; people and files stand beside it."""

from typing import Literal

import pandas as pd
import streamlit as st

from sentiment.access import Role
from sentiment.errors import UsageError
from sentiment.labeling import Labeling
from sentiment.labels.classes import LabelClass
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
    times = f"bulk-times:{labeling.id}"  # a table of its own after each time, so that no tick is left
    event = st.dataframe(
        table,
        key=f"bulk-rows:{labeling.id}:{wanted}:{regex}:{part.start}:{session().kept.get(times, 0)}",
        hide_index=True,
        placeholder="",
        height=min(400, 35 * len(table) + 40),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={"Row": st.column_config.NumberColumn("Row", width=70)},
    )
    chosen = [rows[position] for position in event["selection"]["rows"]]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        offered, key = labeling.store.classes(labeling.id), f"bulk-class:{labeling.id}"
        named = _choose_class("Label them", offered, key=key, width=200)
        title = "Choose rows first" if not chosen else f"Label {text.count(len(chosen), 'row')}"
        if st.button(title, key="bulk-label", disabled=not chosen or named is None) and chosen and named is not None:
            labeling.label(chosen, named.name, who=session().person, how="bulk")
            session().kept[times] = session().kept.get(times, 0) + 1
            said = f"{text.count(len(chosen), 'row')} labeled {text.literal(named.name, limit=40)}"
            session().notice = f"{said}. “Undo” takes all of it back at once."
            st.rerun()
        if st.button(f"Label all {text.number(len(found))} one by one", key="bulk-queue"):
            label_rows(labeling, tuple(int(row) for row in found))
            st.rerun()


def _choose_class(
    title: str, classes: list[LabelClass], *, key: str, width: int | Literal["stretch"] = "stretch"
) -> LabelClass | None:
    """Draws the choice of a class; it is none at first, and again when somebody took the chosen one away."""
    known = {found.id: found for found in classes}
    chosen = st.selectbox(
        title,
        list(known),
        index=None,
        format_func=lambda one: text.visible(known[one].name) if one in known else "",
        placeholder="Choose a class",
        key=key,
        width=width,
    )
    return known.get(chosen) if chosen is not None else None


def show_classes(labeling: Labeling) -> None:
    """Draws the classes, and how to add, rename, merge, retire and bring them back."""
    person, store = session().person, labeling.store
    offered = store.classes(labeling.id)
    add, rename, merge, retire = st.columns(4)
    with add, st.form(f"class-add:{labeling.id}", clear_on_submit=True):
        new = st.text_input("New class", max_chars=200, key=f"class-new:{labeling.id}")
        if st.form_submit_button("Add") and new.strip():
            store.add_class(labeling.id, new, who=person)
            st.rerun()
    with rename, st.form(f"class-rename:{labeling.id}", clear_on_submit=True):
        old = _choose_class("Class", offered, key=f"rename-old:{labeling.id}")
        name = st.text_input("Its new name", max_chars=200)
        if st.form_submit_button("Rename", disabled=not offered) and name.strip():
            store.rename_class(labeling.id, _name_of(old), name, who=person)
            st.rerun()
    with merge, st.form(f"class-merge:{labeling.id}", clear_on_submit=True):
        names = {found.id: found.name for found in offered}
        parts = st.multiselect(
            "Let these", list(names), format_func=names.__getitem__, key=f"merge-parts:{labeling.id}"
        )
        into = _choose_class("count as", offered, key=f"merge-into:{labeling.id}")
        if st.form_submit_button("Merge", disabled=len(names) < 2) and parts:
            store.merge_classes(labeling.id, [names[part] for part in parts], _name_of(into), who=person)
            st.rerun()
    with retire, st.form(f"class-retire:{labeling.id}", clear_on_submit=True):
        gone = _choose_class("No longer offer", offered, key=f"retire:{labeling.id}")
        st.caption("Rows that have it keep it.")
        if st.form_submit_button("Retire", disabled=not offered):
            store.retire_class(labeling.id, _name_of(gone), who=person)
            st.rerun()
    aside = [found for found in store.all_classes(labeling.id) if not found.offered]
    for found in aside:
        with st.container(horizontal=True, vertical_alignment="center"):
            how = "merged into another" if found.merged_into is not None else "retired"
            st.markdown(f"{text.literal(found.name)} ({how})")
            if st.button("Bring back", key=f"restore:{found.id}"):
                store.restore_class(labeling.id, found.id, who=person)
                st.rerun()


def _name_of(chosen: LabelClass | None) -> str:
    if chosen is None:
        raise UsageError("No class is chosen", todo="Choose one; somebody may have changed the classes meanwhile")
    return chosen.name


def show_notes(labeling: Labeling) -> None:
    """Draws the notes of the row on the card, and lets one be added."""
    row = seat(labeling).noted = seat(labeling).row
    if row is None:
        st.caption("There is no row on the card.")
        return
    notes = labeling.store.notes(labeling.id, row)
    for note in notes.to_dict("records"):
        when = text.date(note["at"].isoformat())
        st.markdown(f"**{text.literal(note['who'])}**, {when}: {text.literal(note['text'], limit=2_000)}")
    key = f"note-text:{labeling.id}:{row}"
    st.text_input(
        f"A note on row {text.number(row + 1)}", max_chars=2_000, key=key, on_change=_keep_note,
        args=(labeling, row, key), placeholder="Kept with Enter, or as soon as you go on",
    )  # fmt: skip


def _keep_note(labeling: Labeling, row: int, key: str) -> None:
    """Stores what was typed, on the row that it was typed for: the card may show another one by now."""
    new, who = str(session().widget(key) or "").strip(), session().person
    if not new:
        return
    with guard():
        last = labeling.store.notes(labeling.id, row).tail(1)
        if last[["who", "text"]].to_numpy().tolist() != [[who, new]]:  # a browser may send what was typed twice
            labeling.mark(row, "note", who=who, text=new)
        session().set_widget(key, "")


def show_settings(labeling: Labeling) -> None:
    """Draws the settings of labeling: goal, pace of updates, opinions, keys."""
    store, found = labeling.store, labeling.store.settings(labeling.id)
    every = store.all_classes(labeling.id)
    keys = shortcuts(every, found["keys"])
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
            chosen[name] = columns[position % 4].selectbox(title, options, index=index, key=f"key:{labeling.id}:{name}")
        if st.form_submit_button("Save"):
            own = {name: key for name, key in chosen.items() if key and key != shortcuts(every, {})[name]}
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
    seat(labeling).noted = None
    chosen = st.segmented_control("More", list(parts), key=f"label-more:{labeling.id}", label_visibility="collapsed")
    if chosen is not None:
        with guard():
            parts[chosen](labeling)
