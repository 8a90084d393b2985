"""The labeling card: one row large, what the model says of it, the keys, and the way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from sentiment.access import Role, current
from sentiment.labeling import LISTED, RANDOM, SUSPECTS, Labeling, Suggestion
from sentiment.labels.classes import LabelClass
from sentiment.labels.queues import DEFAULT, STRATEGIES
from ui import text
from ui.guard import guard
from ui.people import may
from ui.state import session

LONGEST = 6_000  # characters of a text that the card shows
USUAL = ("negative", "neutral", "positive")
EVERY = 2.0  # seconds between looks for a first row
LARGE = 400  # characters up to which it is set in large letters
REMEMBERED = 500  # rows that the arrow keys lead back to
KEYS = {"undo": "U", "skip": "S", "flag": "F", "back": "Left", "forward": "Right"}
NO_SUSPECTS = "Of the labels that came with the file, no other looks wrong to the model."
TITLES = {
    DEFAULT: "Recommended",
    "uncertain-diverse": "Uncertain and different",
    "margin": "Hard to tell apart",
    "entropy": "Most uncertain",
    "rare-first": "Rare class first",
    "diverse": "Different from each other",
    SUSPECTS: "Labels that look wrong",
    RANDOM: "At random",
    LISTED: "The rows you chose",
}


@dataclass
class Seat:
    """A session's place in the queue of a dataset.

    Attributes:
        queue: the strategy.
        listed: rows of the queue "listed".
        done: those of them that were on the card and left it.
        row: the row on the card; None before the first and at the end of the queue.
        seen: rows that were on the card, oldest first.
        place: the position of `row` in `seen`.
        noted: the row whose notes are drawn below the card; None where notes are not open.
        turn: how often the row on the card has changed.
    """

    queue: str = DEFAULT
    listed: tuple[int, ...] = ()
    done: set[int] = field(default_factory=set)
    row: int | None = None
    seen: list[int] = field(default_factory=list)
    place: int = -1
    noted: int | None = None
    turn: int = 0

    def show(self, row: int | None) -> None:
        """Puts a row on the card; one that was there already takes its place again."""
        self.turn += row != self.row
        self.row = row
        if row is None:
            return
        if row in self.seen:
            self.place = self.seen.index(row)
        else:
            self.seen = [*self.seen, row][-REMEMBERED:]
            self.place = len(self.seen) - 1

    def step(self, by: int) -> None:
        """Goes back or forward among the rows that were on the card, as far as there are any."""
        place = self.place + by
        if 0 <= place < len(self.seen):
            self.turn += self.seen[place] != self.row
            self.place, self.row = place, self.seen[place]

    @property
    def is_last(self) -> bool:
        """Whether the row on the card is the newest."""
        return self.place >= len(self.seen) - 1


def seat(labeling: Labeling) -> Seat:
    """This session's place in the queue of a dataset."""

    def start() -> Seat:
        """Where everything has a label, what is left to do is to check them."""
        return Seat(queue=DEFAULT if labeling.stats()["unlabeled"] else SUSPECTS)

    return session().keep(f"seat:{labeling.id}", start)


def choose_queue(labeling: Labeling) -> None:
    """Draws the choice of the queue, and the name that labels are given under."""
    place = seat(labeling)
    state, key = session(), f"queue:{labeling.id}"
    offered = [name for name in TITLES if name != LISTED or place.listed]
    state.set_widget(key, place.queue)
    state.set_widget("person", state.person)

    def change() -> None:
        place.queue, place.row = str(state.widget(key)), None

    def rename() -> None:
        state.person = current().name or str(state.widget("person")).strip() or state.person
        place.row = None

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Queue", offered, format_func=TITLES.__getitem__, key=key, on_change=change, width=280)
        st.text_input(
            "You label as", key="person", on_change=rename, max_chars=120, width=200, disabled=bool(current().name),
            help="Whoever signed in labels under their own name." if current().name else None,
        )  # fmt: skip
    if place.queue == DEFAULT:
        st.caption("The queue that taught the model most for each label where it was measured.")
    else:
        st.caption(f"{STRATEGIES[place.queue]}.")


def shortcuts(classes: Sequence[LabelClass], chosen: Mapping[str, str]) -> dict[str, str]:
    """The key of each class that is offered, and of each action: as chosen, else 1 to 9 and the usual letters.

    A digit stays with its class when others are retired or merged: hands remember what a key means. Only where the
    digits run out does a class take that of one that is no longer offered.

    Args:
        classes: all that there ever were.
        chosen: keys by the name of a class or action.
    """
    taken = {key.upper() for key in chosen.values()}
    digits = [digit for digit in "123456789" if digit not in taken]
    dealt = dict(zip([one.id for one in classes if one.name not in chosen], digits, strict=False))
    offered = [one for one in classes if one.offered]
    used = {dealt.get(one.id) for one in offered}
    free = iter(digit for digit in digits if digit not in used)
    given = {one.name: chosen.get(one.name) or dealt.get(one.id) or next(free, "") for one in offered}
    return given | {action: chosen.get(action) or key for action, key in KEYS.items()}


def show_card(labeling: Labeling) -> None:
    """Draws the row to label; a key or a click stores the label and brings the next row."""
    waits = seat(labeling).row is None and labeling.learning
    st.fragment(_draw_card, run_every=EVERY if waits else None, key=f"card:{labeling.id}")(labeling)


def _draw_card(labeling: Labeling) -> None:
    place = seat(labeling)
    waited = place.row is None
    with guard():
        _show_card(labeling)
    if waited and place.row is not None:
        st.rerun()  # from here on, only keys bring another row
    if place.noted is not None and place.noted != place.row:
        place.noted = None
        st.rerun()  # the notes are drawn outside of this fragment


def _show_card(labeling: Labeling) -> None:
    place = seat(labeling)
    if place.row is None or not labeling.has(place.row):
        place.show(_next(labeling, place))
    every = labeling.store.all_classes(labeling.id)
    classes = [one.name for one in every if one.offered]
    keys = shortcuts(every, labeling.store.settings(labeling.id)["keys"])
    with st.container(border=True, key="label-card"):
        if place.row is None:
            _show_end(labeling, place.queue)
        else:
            _show_row(labeling, place.row)
            _show_classes(labeling, place.row, classes, keys)
        _show_actions(labeling, place, keys)


def _show_row(labeling: Labeling, row: int) -> None:
    known, suggestion = labeling.known(row), labeling.suggestion(row)
    with st.container(horizontal=True, vertical_alignment="center", key="label-state"):
        st.caption(f"Row {text.number(row + 1)}")
        if known.label is not None:
            st.badge(f"Labeled {text.literal(known.label)}", color="gray", icon=":material/check:")
        if known.flagged:
            st.badge("Flagged", color="orange", icon=":material/flag:")
        if known.skipped:
            st.badge("Skipped", color="gray")
    with st.container(height=200, border=False, key="label-text"):
        words = text.paragraph(labeling.text(row), limit=LONGEST)
        st.markdown(f"#### {words}" if len(words) <= LARGE else words)
    st.caption(_words(suggestion) if suggestion else "The model has nothing to say yet; it learns from your labels.")


def _words(suggestion: Suggestion) -> str:
    return f"The model suggests **{text.literal(suggestion.label)}**, {text.percent(suggestion.confidence)} sure."


def _show_classes(labeling: Labeling, row: int, classes: list[str], keys: Mapping[str, str]) -> None:
    suggestion = labeling.suggestion(row)
    if not classes:
        st.info("There is no class yet. Take the usual three, or add your own under “Classes” below.")
        if may(Role.OWNER):
            st.button(
                f"Start with {text.listing(USUAL)}", on_click=_guarded, args=(lambda: _add_usual(labeling),),
                key="usual",
            )  # fmt: skip
    with st.container(horizontal=True, key="label-classes"):
        for position, name in enumerate(classes):
            suggested = suggestion is not None and suggestion.label == name
            st.button(
                text.literal(name, limit=40),
                key=f"class:{position}:{row}",  # of this row alone: a second click must not label the next one
                shortcut=keys[name] or None,
                type="primary" if suggested else "secondary",
                on_click=_give,
                args=(labeling, row, name, "suggestion" if suggested else "typed"),
            )


def _add_usual(labeling: Labeling) -> None:
    for name in USUAL:
        labeling.store.add_class(labeling.id, name, who=session().person)
    labeling.update_soon()


def _show_actions(labeling: Labeling, place: Seat, keys: Mapping[str, str]) -> None:
    row, turn = place.row, place.turn
    flagged = row is not None and labeling.known(row).flagged
    actions: list[tuple[str, str, str, Callable[[], None], bool]] = [
        ("back", "Back", ":material/arrow_back:", lambda: place.step(-1), place.place > 0),
        ("forward", "Forward", ":material/arrow_forward:", lambda: _forward(labeling, place), row is not None),
        ("undo", "Undo", ":material/undo:", lambda: _undo(labeling, place), True),
        ("skip", "Skip", ":material/skip_next:", lambda: _skip(labeling, place, row), row is not None),
        (
            "flag",
            "Unflag" if flagged else "Flag",
            ":material/flag:",
            lambda: _flag(labeling, place, row),
            row is not None,
        ),
    ]
    with st.container(horizontal=True, key="label-actions"):
        for name, title, icon, act, possible in actions:
            st.button(
                title,
                key=f"act:{name}:{row if name in ('skip', 'flag') else turn}",
                icon=icon,
                shortcut=keys[name],
                type="tertiary",
                disabled=not possible,
                on_click=act_on,
                args=(place, turn, act),
            )


def act_on(place: Seat, turn: int, act: Callable[[], None]) -> None:
    """Does what a button says, unless another row is on the card since it was drawn.

    While a card is drawn the button of the row before is there as well, and one press of a key is a click on both.
    """
    if place.turn == turn:
        _guarded(act)


def _show_end(labeling: Labeling, queue: str) -> None:
    if labeling.learning:
        st.subheader("Looking for rows", anchor=False)
        st.markdown("The model is reading the texts and the labels; the first row comes in a moment.")
        return
    st.subheader("This queue is at its end", anchor=False)
    why = "Every row of it has a label or was skipped."
    if queue == LISTED:
        why = "You went through all the rows that you chose."
    elif queue == SUSPECTS:
        stats = labeling.stats()
        here = 0 < stats["labeled"] == stats["labeled_by_people"]
        why = "It checks labels that came with the file, and all labels were given here." if here else NO_SUSPECTS
    st.markdown(f"{why} Choose another queue above, or fine-tune a model with the labels.")


def _guarded(act: Callable[[], None]) -> None:
    with guard():
        act()


def _give(labeling: Labeling, row: int, name: str, how: str) -> None:
    place = seat(labeling)
    if place.row != row:  # a second click, before the next row was drawn
        return
    with guard():
        labeling.label([row], name, who=session().person, how=how)
        _forward(labeling, place)


def _forward(labeling: Labeling, place: Seat) -> None:
    """The row after this one: one that was seen already, else the next of the queue."""
    if place.queue == LISTED and place.row is not None:
        place.done.add(place.row)
    if place.is_last:
        place.show(_next(labeling, place))
    else:
        place.step(1)


def _skip(labeling: Labeling, place: Seat, row: int | None) -> None:
    if row is not None and place.row == row:
        labeling.mark(row, "skip", who=session().person)
        _forward(labeling, place)


def _flag(labeling: Labeling, place: Seat, row: int | None) -> None:
    if row is not None and place.row == row:
        labeling.mark(row, "unflag" if labeling.known(row).flagged else "flag", who=session().person)


def _undo(labeling: Labeling, place: Seat) -> None:
    """Takes back the last step and shows the row that it was about."""
    rows = labeling.undo(who=session().person)
    if rows:
        place.show(rows[0])
    else:
        st.toast("There is nothing left to undo.")


def _next(labeling: Labeling, place: Seat) -> int | None:
    left = [row for row in place.listed if row not in place.done] if place.queue == LISTED else ()
    return labeling.next_row(session().person, place.queue, listed=left)


def choose_suspects(labeling: Labeling) -> None:
    """Makes the labels that look wrong the queue."""
    place = seat(labeling)
    place.queue, place.row = SUSPECTS, None


def label_rows(labeling: Labeling, rows: tuple[int, ...]) -> None:
    """Makes these rows the queue; the arrow keys lead through them alone."""
    place = seat(labeling)
    place.queue, place.listed, place.done = LISTED, rows, set()
    place.row, place.seen, place.place = None, [], -1
