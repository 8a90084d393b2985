"""Would more labels help, and of which class: the learning curve of a run, and the way to label what helps."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.access import Role
from sentiment.errors import SentimentError
from sentiment.evaluation.growth_words import describe_class, describe_learning, rank_classes
from sentiment.numbers import points
from sentiment.serving import client
from sentiment.training import jobs
from sentiment.training.learning_curve import read_learning
from sentiment.training.runs import Run
from ui import cache, text
from ui.panels_label import label_rows
from ui.people import may
from ui.widgets import is_dark, next_step, show_figure

LOOKED_AT = 2_000  # rows without a label among which those of a class are looked for
LISTED = 200  # of them that make the queue


def show_learning_curve(run: Run) -> None:
    """Draws what more labels would bring to a run, class by class, and the step to label those of a class."""
    values = read_learning(run)
    if values is None:
        _show_missing(run)
        return
    with st.container(border=True):
        st.markdown(f"### {text.literal(describe_learning(values), limit=800)}")
    if "skipped" in values:
        next_step("Label more rows", "pages/label.py")
        return
    _show_how(values)
    ranked = rank_classes(values)
    left, right = st.columns([1, 1], gap="large")
    with left:
        title = f"Macro-F1 with twice and four times the {text.number(values['n_labels'])} labels"
        show_figure(figures.plot_growth(values["overall"], title=title, dark=is_dark()), key=f"growth:{run.id}")
    with right:
        if ranked:
            figure = figures.plot_class_gains(
                [part["class"] for part in ranked],
                [part["own"]["gains"][2] for part in ranked],
                run.info.colours,
                title="What twice as many labels of one class add to its F1",
                dark=is_dark(),
            )
            show_figure(figure, key=f"class-gains:{run.id}")
    _show_table(values, ranked)
    if may(Role.LABELER):
        _show_steps(run, values, [part["class"] for part in ranked])


def _show_missing(run: Run) -> None:
    """Draws why there is no curve, and what gives one."""
    state = jobs.read_state(run.folder)
    with st.container(border=True):
        if state.active:
            st.markdown("**The curve is measured when the training has ended**")
        elif state.status == "finished":
            st.markdown("**There is no learning curve of this run**")
            st.markdown(
                "It is measured in the seconds after a training ends. If this run has just finished, it is on its way: "
                "look again. A run from before there were learning curves shows one when it is trained again."
            )
        else:
            st.markdown("**A run that did not finish has no learning curve**")
            st.markdown("Resume it, or start another.")
        next_step("Fine-tune again", "pages/finetune.py", primary=False)


def _show_how(values: Mapping[str, Any]) -> None:
    part = values["n_measured"] < values["n_labels"]
    upto = f" (of {text.number(values['n_measured'])} of them)" if part else ""
    st.caption(
        f"Models on “{text.literal(values['base'])}” learned from an eighth, a quarter, half and all of the "
        f"labels{upto}, several times each, and were judged on {text.count(values['n_held_out'], 'held-out row')}. "
        "What lies beyond is foreseen; brackets and bands are 95 % intervals. A model tuned as a whole may gain more."
    )


def _show_table(values: Mapping[str, Any], ranked: list[Mapping[str, Any]]) -> None:
    order = {part["class"]: place for place, part in enumerate(ranked)}
    lines = []
    for part in sorted(values["classes"], key=lambda part: order.get(part["class"], len(order))):
        line = {"Class": text.visible(part["class"]), "Labels": part["n_labels"], "Held out": part["support"]}
        if "own" in part:
            line["Its F1"] = text.percent(part["own"]["values"][part["own"]["n_measured"] - 1][0])
            line["Twice as many: points of its F1"] = _gain(part["own"]["gains"][2])
            line["Twice as many: points of macro-F1"] = _gain(part["mean"]["gains"][2])
        lines.append({**line, "Note": text.visible(part.get("skipped", ""))})
    table = pd.DataFrame(lines).fillna("")
    if not table["Note"].any():
        table = table.drop(columns="Note")
    st.dataframe(table, hide_index=True, placeholder="", height="content" if len(table) <= 15 else 560)


def _gain(gain: tuple[float, float, float]) -> str:
    value, low, high = map(points, gain)
    return f"{value}  ({low} to {high})"


def _show_steps(run: Run, values: Mapping[str, Any], ranked: list[str]) -> None:
    """Draws the choice of a class and the button that makes rows which may be of it the labeling queue."""
    names = [*ranked, *(part["class"] for part in values["classes"] if part["class"] not in ranked)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        titles = text.distinct({name: name for name in names})
        name = st.selectbox("Label more of", names, format_func=titles.__getitem__, key=f"more-of:{run.id}", width=240)
        if st.button("Find rows of it to label", icon=":material/label:", type="primary", key=f"more:{run.id}"):
            _find(run, str(name))
    chosen = next((part for part in values["classes"] if part["class"] == name), None)
    if chosen is not None and "own" in chosen:
        st.caption(text.literal(f"{describe_class(chosen)}.", limit=300))


def _find(run: Run, name: str) -> None:
    """Makes the rows without a label that the run's model holds most likely to be of a class the labeling queue."""
    info_id = run.info.dataset.id
    try:
        frame = cache.dataset(info_id).frame
        open_rows = frame[frame["label"].isna()]
        if open_rows.empty:
            st.info("Every row has a label. Add rows on the Data page, or look at the labels that seem wrong.")
            return
        if len(open_rows) > LOOKED_AT:
            open_rows = open_rows.sample(LOOKED_AT, random_state=run.info.config.seed)
        with st.spinner(f"Looking for “{text.literal(name)}” among the rows without a label"):
            answer = client.ask("predict", run.folder, texts=open_rows["text"].tolist())
    except SentimentError as error:
        st.error(text.literal(error, limit=400))
        return
    of_class = pd.Series([probs[answer["classes"].index(name)] for probs in answer["probs"]], index=open_rows.index)
    rows = open_rows.loc[of_class.sort_values(ascending=False, kind="stable").index[:LISTED], "row"]
    label_rows(cache.labeling(cache.root(), info_id), tuple(int(row) for row in rows))
    st.switch_page("pages/label.py")
