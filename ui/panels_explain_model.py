"""The whole model: the words and n-grams that each class listens to, and what fine-tuning changed."""

import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.data.filters import Filter
from sentiment.figures.theme import INK
from sentiment.training.runs import Run
from ui import address, cache, cache_explain, text
from ui.guard import guard
from ui.panels_filters import looking
from ui.widgets import is_dark, show_figure

_SHOWN = 10  # words of a chart


def show_whole_model(run: Run) -> None:
    """Draws what the model listens to, class by class."""
    name = _choose_class(run)
    colour = run.info.colours.get(name, INK)
    left, right = st.columns(2, gap="large")
    with left, guard():
        _show_words(run, name, colour)
    with right, guard():
        _show_filters(run, name)
    with guard():
        _show_before(run, name, colour)


def _choose_class(run: Run) -> str:
    classes, key = list(run.info.classes), f"listen:{run.id}"
    titles = text.distinct({name: name for name in classes})
    address.take("class", key, options=classes, default=classes[0])
    name = str(
        st.segmented_control("Class", classes, format_func=titles.__getitem__, key=key, required=True)
        if len(classes) <= 6
        else st.selectbox("Class", classes, format_func=titles.__getitem__, key=key)
    )
    address.tell("class", name)
    return name


def _show_words(run: Run, name: str, colour: str) -> None:
    st.subheader("The words that decide", anchor=False)
    with st.spinner("Asking the model about its held-out rows: some seconds, once"):
        found = cache_explain.model(run, "words")
    words = pd.DataFrame(found["words"].get(name, []), columns=["word", "n", "mean", "se"]).head(_SHOWN)
    if words.empty:
        st.markdown("No word that comes three times or more speaks surely for this class.")
        return
    figure = figures.plot_word_influence(words, name=name, colour=colour, dark=is_dark())
    show_figure(figure, key=f"influence:{run.id}:{name}")
    st.caption(
        f"What a word adds to the log-odds of the class, on average over its occurrences in "
        f"{text.count(found['n_texts'], 'held-out row')}, with the 95 % interval; at least "
        "three occurrences, the surest first."
    )
    _ask_about(run, words["word"].tolist())


def _ask_about(run: Run, words: list[str]) -> None:
    """Draws the way from a word to the rows that have it."""
    chosen = st.pills("Look one up in the dataset", words, format_func=text.visible, key=f"word:{run.id}", wrap=True)
    if chosen and st.button("See the rows that have it", icon=":material/search:", key="word-rows"):
        info = cache.workspace().dataset_info(run.info.dataset.id)
        looking(info).add(Filter("search", value=f'"{chosen}"'))
        st.switch_page("pages/balance.py")


def _show_filters(run: Run, name: str) -> None:
    st.subheader("The phrases that it listens to", anchor=False)
    with st.spinner("Watching the filters"):
        found = cache_explain.model(run, "filters")
    if found["filters"] is None:
        st.markdown("This model has no filters: it is not a convolutional network.")
        return
    filters = found["filters"].get(name, [])
    if not filters:
        st.markdown("No filter speaks for this class alone.")
        return
    lines = ["| Words | Pull | Strongest at |", "| ---: | ---: | :--- |"]
    for one in filters:
        grams = " · ".join(f"“{text.literal(gram, limit=40)}”" for gram, _ in one["grams"])
        lines.append(f"| {one['width']} | {one['pull']:+.2f} | {grams} |")
    st.markdown("\n".join(lines))
    st.caption(
        "The network's filters that speak most for the class: how many words each sees at once, how far it moves the "
        "log-odds when it responds as usual (pull), and the words to which it responds most."
    )


def _show_before(run: Run, name: str, colour: str) -> None:
    st.subheader("What fine-tuning changed", anchor=False)
    with st.spinner("Asking the base model about the same rows: some seconds, once"):
        found = cache_explain.model(run, "before")["before"]
    if found is None:
        st.markdown(
            f"This run began with nothing (“{text.literal(run.info.config.base)}”): all that it says, it learned."
        )
        return
    title = text.literal(found["title"], limit=60)
    if found["missing"]:
        names = text.listing([f"“{text.literal(missing, limit=40)}”" for missing in found["missing"]])
        st.markdown(f"The base model “{title}” has no class for {names}, so nothing can be compared there.")
    if found["agreement"] is not None:
        st.markdown(f"On the same rows “{title}” alone says what the run says in {text.percent(found['agreement'])}.")
    if name in found["classes"]:
        movers = pd.DataFrame(found["movers"][name], columns=["word", "n", "before", "after"]).head(_SHOWN)
        figure = figures.plot_movers(movers, name=name, colour=colour, dark=is_dark())
        show_figure(figure, key=f"movers:{run.id}:{name}")
        st.caption("Open: before, as the base model has it. Full: after. The surest changes first; log-odds.")
