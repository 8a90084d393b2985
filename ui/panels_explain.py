"""One text: what the model says of it and why, as somebody types; what would change its mind; rows like it."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sentiment.access import Role
from sentiment.evaluation.explanation_words import keep_ends, replaced
from sentiment.evaluation.thresholds import UNDECIDED
from sentiment.figures.theme import INK
from sentiment.judging import read_rule
from sentiment.training.runs import Run
from ui import address, cache, cache_explain, text
from ui.guard import guard
from ui.live_text import live_text
from ui.panels_explain_words import edit_html, show_list, show_probs, show_text
from ui.panels_label import label_rows
from ui.people import may
from ui.state import session
from ui.widgets import is_dark, show_rows

MOST = 5_000  # characters that can be typed; a row of the file may be longer
LINKED = 500  # characters of a text that a link can carry
N_SIMILAR = 5
N_MORE = 30  # rows that are sent to the Label page
_SURE = 0.05  # cosine below which rows have nothing in common
_MOSTLY_UNKNOWN = 0.3  # share of a text without a word in the model, above which it can hardly be read


@dataclass
class Place:
    """What a session has in the box of a run.

    Attributes:
        text: the text.
        row: the row of the file that it is; None for a text of one's own.
        whole: characters of that row in the file.
        most: characters that the box takes: more than can be typed where a longer text was put into it.
        number: counts the texts that were put into the box.
        opened: the text and row of the address when it was last read.
    """

    text: str = ""
    row: int | None = None
    whole: int = 0
    most: int = MOST
    number: int = 0
    opened: tuple[str | None, str | None] = (None, None)

    def put(self, text: str, row: int | None = None) -> None:
        """Puts another text into the box; of one that is too long to explain, its two ends."""
        self.text, self.row, self.number = keep_ends(text), row, self.number + 1
        self.whole, self.most = len(text), max(MOST, len(self.text))


def show_one_text(run: Run) -> None:
    """Draws the box and, below it, everything about the text in it."""
    place = session().keep(f"explain:{run.id}", Place)
    _open(run, place)
    _show(run, place)


def _open(run: Run, place: Place) -> None:
    """Puts in what a newly opened address names, or at first a held-out row."""
    named = (address.single("text"), address.single("row"))
    if named != (None, None) and named != place.opened:
        row = _held_out(run, named[1])
        if named[0] is not None:
            place.put(named[0][:MOST])
        elif row is not None:
            place.put(*row)
        place.opened = named
    if place.number == 0:
        first = _held_out(run, None)
        place.put(*(first or ("", None)))


def _held_out(run: Run, row: str | None, *, after: int | None = None, wrong: bool = False) -> tuple[str, int] | None:
    """The text and number of a row of the dataset, or of the next held-out row; None if there is none."""
    if row is not None:
        frame = cache.dataset(run.info.dataset.id).frame
        found = frame[frame["row"] == (int(row) if row.isascii() and row.isdigit() and len(row) < 12 else -1)]
        return (str(found["text"].iloc[0]), int(found["row"].iloc[0])) if len(found) else None
    judgement = cache.judgement(run)
    if judgement is None or judgement.rows.empty:
        return None
    rows = judgement.rows
    if wrong and "model:prediction" in rows:
        rows = rows[rows["model:prediction"].astype("str") != rows["label"].astype("str")]
    if rows.empty:
        return None
    later = rows[rows["row"] > after] if after is not None else rows
    chosen = (later if len(later) else rows).iloc[0]
    return str(chosen["text"]), int(chosen["row"])


@st.fragment
def _show(run: Run, place: Place) -> None:
    with guard():
        _show_box(run, place)
        if not place.text.strip():
            st.info("Type or paste a text, or take a held-out row.")
            return
        left, right = st.columns([5, 3], gap="large")
        below, beside = st.columns([5, 4], gap="large")
        with left:
            found = _show_words(run, place)
        with right:
            _show_said(run, place, found)
        with below:
            _show_list(run, place, found)
        with beside, guard():
            _show_flip(run, place)
        with guard():
            _show_similar(run, place)


def _show_box(run: Run, place: Place) -> None:
    typed = live_text(
        "A text: change it, and see what changes",
        key=f"text:{run.id}",
        text=place.text,
        number=place.number,
        most=place.most,
        placeholder="Type or paste a review",
    )
    if typed != place.text:
        place.text, place.row = typed, None
    with st.container(horizontal=True):
        st.button("Next held-out row", icon=":material/skip_next:", on_click=_next, args=(run, place, False))
        st.button("Next mistake", icon=":material/error_outline:", on_click=_next, args=(run, place, True))
    address.tell("row", None if place.row is None else str(place.row))
    address.tell("text", place.text if place.row is None and 0 < len(place.text) <= LINKED else None)
    place.opened = (address.single("text"), address.single("row"))
    if place.row is not None and place.whole > len(place.text):
        half = text.number(len(place.text) // 2)
        st.caption(
            f"The row has {text.number(place.whole)} characters; its first and last {half} stand here and are "
            "explained, so figures can differ a little from those of the whole row."
        )
    if place.row is None and len(place.text) > LINKED:
        st.caption(f"The address of this page carries texts of up to {LINKED} characters; this one is longer.")


def _next(run: Run, place: Place, wrong: bool) -> None:
    found = _held_out(run, None, after=place.row, wrong=wrong)
    if found is None:
        st.toast("There is no such row: the model is right on every held-out one." if wrong else "No row is held out.")
    else:
        place.put(*found)


def _show_words(run: Run, place: Place) -> cache_explain.Answer:
    """Draws the text with its words marked; returns what the model said."""
    asked, classes = session().widget(f"target:{run.id}"), run.info.classes
    with st.spinner("Asking the model", show_time=False):
        found = cache_explain.explain(run, place.text, asked if asked in classes else None)
    target = found["target"]
    show_text(place.text, _scored(found), target=target, colour=_colour(run, target))
    st.caption(
        f"Filled words speak for “{text.literal(target, limit=40)}”, outlined ones against it; point at one for its "
        "number. Numbers are log-odds: +0.7 doubles the odds of the class, −0.7 halves them."
    )
    if found["unknown"] > _MOSTLY_UNKNOWN:
        st.warning(
            f"The model has no word for {text.percent(found['unknown'])} of this text, so what it says is hardly about "
            "it. Is the text in a language that the model reads?",
            icon=":material/warning:",
        )
    if found["n_cut"]:
        st.warning(f"The text is long: {text.count(found['n_cut'], 'piece')} in its middle were not read.")
    return found


def _scored(found: cache_explain.Answer) -> list[tuple[int, int, float]]:
    return [(int(start), int(end), float(score)) for start, end, score in found["words"]]


def _colour(run: Run, name: str) -> str:
    return run.info.colours.get(name, INK)


def _show_list(run: Run, place: Place, found: cache_explain.Answer) -> None:
    """Draws the words one by one, and the choice of the class that they speak for."""
    classes, target = list(run.info.classes), found["target"]
    st.subheader(text.literal(f"What speaks for {target}", limit=60), anchor=False)
    titles = text.distinct({name: name for name in classes})
    st.segmented_control(
        "Of another class",
        classes,
        format_func=titles.__getitem__,
        key=f"target:{run.id}",
        help="As long as none is chosen: the class that the model says.",
    )
    show_list(place.text, _scored(found), blank=float(found["blank"]), colour=_colour(run, target))
    if found["method"] == "occlusion":
        st.caption("A word's number is what leaving it out costs.")
    else:
        st.caption("The numbers add up to the log-odds of the class, and so to its probability.")


def _show_said(run: Run, place: Place, found: cache_explain.Answer) -> None:
    said, sure = found["prediction"], found["probs"][found["prediction"]]
    with st.container(border=True):
        st.markdown(f"The model says **{text.literal(said, limit=40)}**, {text.percent(sure)} sure.")
        show_probs(found["probs"], run.info.colours, prediction=said)
        with guard():
            _show_rule(run, found["probs"])
        label = None if place.row is None else _label_of(run, place.row)
        if label is not None:
            verdict = ", as the model says" if label == said else "; the model says otherwise"
            row = text.number((place.row or 0) + 1)
            st.markdown(f"Row {row} is labeled **{text.literal(label, limit=40)}**{verdict}.")
        if found["unknown"] > _MOSTLY_UNKNOWN:
            st.caption("No measure of how sure it may be holds for a text that it cannot read.")
        elif found["calibrated"]:
            st.caption("Calibrated on validation rows: of texts with 80 %, about 8 in 10 are right.")
        else:
            st.caption(
                "Not calibrated: this model was trained before that was done, so it may be surer than it should."
            )


def _show_rule(run: Run, probs: dict[str, float]) -> None:
    """Draws what the rule that is saved with the run makes of these probabilities; nothing without one."""
    rule = read_rule(run.folder)
    if rule is None or rule.plain:
        return
    names = list(probs)
    said = int(rule.decide([list(probs.values())], names)[0])
    verdict = "leaves it **undecided**" if said == UNDECIDED else f"says **{text.literal(names[said], limit=40)}**"
    st.markdown(f"The rule that is saved with this run {verdict}.")
    st.caption(text.literal(" ".join(rule.describe(names)), limit=800))


def _label_of(run: Run, row: int) -> str | None:
    frame = cache.dataset(run.info.dataset.id).frame
    labels = frame.loc[frame["row"] == row, "label"]
    return str(labels.iloc[0]) if len(labels) and isinstance(labels.iloc[0], str) else None


def _show_flip(run: Run, place: Place) -> None:
    st.subheader("What would change its mind?", anchor=False)
    found = cache_explain.flip(run, place.text)
    edits = [(int(start), int(end), str(instead)) for start, end, instead in found["edits"]]
    n_tried = text.count(found["n_tried"], "edit")
    if not edits:
        st.markdown(f"Nothing that was tried: {n_tried}, of up to eight words at a time.")
        return
    says, sure = text.literal(found["says"], limit=40), text.percent(found["probs"][found["says"]])
    least = "No smaller edit among those tried does." if found["minimal"] else "A smaller one may do."
    st.markdown(f"With {text.count(len(edits), 'word')} changed it says **{says}** ({sure}):")
    st.html(edit_html(place.text, edits, dark=is_dark()))
    edited = replaced(place.text, [((start, end), instead) for start, end, instead in edits])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Put it into the box", icon=":material/edit:", on_click=place.put, args=(edited,))
        st.caption(f"{n_tried} tried. {least}", width="content")


def _show_similar(run: Run, place: Place) -> None:
    st.subheader("The training rows most like it", anchor=False)
    with st.spinner("Comparing with the rows that the model learned from"):
        found = cache_explain.similar(run, place.text, n=2 * N_SIMILAR, but=place.row)
    table = pd.DataFrame(found["rows"], columns=["row", "similarity", "label", "trained"])
    frame = cache.dataset(run.info.dataset.id).frame[["row", "text"]]
    table = table[table["similarity"] >= _SURE].merge(frame, on="row", how="inner")
    table = table.drop_duplicates("text").head(N_SIMILAR).assign(group=None)
    if table.empty:
        st.markdown("No training row has anything in common with this text: the model has little to go by.")
    else:
        show_rows(table, key=f"similar:{run.id}", columns={"similarity": "Alike"})
    if found["n_left"]:
        st.caption(f"{text.count(found['n_left'], 'row')} of the dataset are too many to be compared.")
    if may(Role.LABELER):
        _show_label_more(run, place)


def _show_label_more(run: Run, place: Place) -> None:
    frame = cache.dataset(run.info.dataset.id).frame
    open_rows = frame.loc[frame["label"].isna(), "row"].tolist()
    words = "Find and label more like this" if open_rows else "Check the labels of rows like this"
    hint = "Rows without a label, the most alike first." if open_rows else "Every row has a label; see if they agree."
    if st.button(words, icon=":material/label:", help=hint, key="label-more"):
        among = open_rows or frame["row"].tolist()
        rows = cache_explain.alike(run, place.text, n=N_MORE, among=among, but=None)
        label_rows(cache.labeling(cache.root(), run.info.dataset.id), tuple(rows))
        st.switch_page("pages/label.py")
