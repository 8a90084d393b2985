"""Setting up a run: base model cards, what would stop it, settings, estimate, start."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import streamlit as st

from sentiment import data
from sentiment.data import DatasetInfo
from sentiment.errors import SentimentError
from sentiment.models import registry
from sentiment.models.registry import BaseModel
from sentiment.training import jobs
from sentiment.training.allowed import check_settings, imbalance_for, strategies_for, takes_vectors
from sentiment.training.config import AUTO, BALANCED, STRATEGIES, FinetuneConfig
from sentiment.training.estimate import FULL_FROM, estimate_seconds, tune_alike
from sentiment.training.held_out import MOST_UNLABELED
from sentiment.training.runs import Run
from sentiment.workspace import Workspace
from ui import cache, text
from ui.guard import guard, show_error
from ui.panels_bring import bring_base, choose_vectors
from ui.panels_imbalance import TITLES, choose_compared, choose_imbalance, recommend, training_counts
from ui.panels_language_balance import TITLES as LANGUAGE_TITLES
from ui.panels_language_balance import choose_languages
from ui.state import runs_of, session

ENOUGH_ROWS = 200
PAST_RUNS = 8
CARDS_IN_A_ROW = 3

STRATEGY_TITLES = {
    AUTO: "Automatic",
    "head": "The head alone",
    "full": "Everything",
    "gradual": "Everything, from the top down",
    "anchored": "Everything, held near where it starts",
}


def find_problem(info: DatasetInfo, config: FinetuneConfig) -> SentimentError | None:
    """What would stop a run with these labels before its first step, or None.

    These are the run's own checks of its settings and of the split, the latter on no more rows of a class than it
    takes to see that there are enough.
    """
    labels = [name for name, n in info.class_counts.items() for _ in range(min(n, ENOUGH_ROWS))]
    try:
        check_settings(config)
        data.split_rows(
            labels, test_fraction=config.test_fraction, validation_fraction=config.validation_fraction, seed=config.seed
        )
    except SentimentError as error:
        return error
    return None


def choose_base(info: DatasetInfo) -> BaseModel:
    """Draws the base models as cards; returns the chosen one, at first the recommended one."""
    bases = {base.name: base for base in registry.list_bases()}
    recommended, reason = registry.recommend_base(
        info.language, n_labeled=info.n_labeled, language_counts=info.language_counts
    )
    state, key = session(), _base_key(info)
    if state.widget(key) not in bases:
        state.set_widget(key, recommended)
    st.markdown(text.literal(text.thin(reason), limit=400))
    chosen = str(state.widget(key))
    readers = [base for base in bases.values() if base.kind == "pretrained" and info.language in base.languages]
    front = readers or [base for base in bases.values() if base.name == recommended or base.kind == "scratch"]
    front += [base for base in bases.values() if base.own and base not in front]
    front.sort(key=lambda base: base.name != recommended)
    _cards(front, info, chosen=chosen, recommended=recommended)
    others = [base for base in bases.values() if base not in front]
    with st.expander("Other models", expanded=bases[chosen] in others):
        _cards(others, info, chosen=chosen, recommended=recommended)
    bring_base(key)
    return bases[chosen]


def _cards(bases: Sequence[BaseModel], info: DatasetInfo, *, chosen: str, recommended: str) -> None:
    """Draws cards side by side, a few in a row; a click on one chooses it."""
    for start in range(0, len(bases), CARDS_IN_A_ROW):
        row = bases[start : start + CARDS_IN_A_ROW]
        for column, base in zip(st.columns(CARDS_IN_A_ROW), row, strict=False):
            name = f"card{'-chosen' if base.name == chosen else ''}-{base.name}"
            with column.container(border=True, height="stretch", key=name):
                _card(base, recommended=base.name == recommended)
                st.space("stretch")
                st.button(
                    "Chosen" if base.name == chosen else "Choose",
                    key=f"choose:{base.name}",
                    icon=":material/check:" if base.name == chosen else None,
                    disabled=base.name == chosen,
                    width="stretch",
                    on_click=session().set_widget,
                    args=(_base_key(info), base.name),
                )


def _card(base: BaseModel, *, recommended: bool) -> None:
    languages = text.listing((cache.language_name(code) for code in base.languages), limit=3) or (
        "Language not stated" if base.own else "Any language"
    )
    with st.container(horizontal=True):
        st.badge(text.literal(languages), color="gray")
        if recommended:
            st.badge("Recommended", color="violet")
    trained_on = base.trained_on if base.own else text.thin(base.trained_on)
    st.markdown(f"**{text.literal(base.title)}**  \n{text.literal(base.description, limit=300)}")
    facts = [f"{text.literal(base.architecture)}, trained on {text.literal(trained_on, limit=300)}"]
    if base.held_out:
        facts.append(
            f"Macro-F1 {text.percent(base.held_out['macro_f1'])} on {text.number(base.held_out['n_rows'])} "
            f"held-out rows of {text.literal(base.held_out['corpus'])}"
        )
    if base.size_bytes:
        facts.append(text.size(base.size_bytes))
    st.caption("  \n".join(facts))


def choose_settings(info: DatasetInfo, base: BaseModel) -> tuple[FinetuneConfig, list[str]]:
    """Draws everything that may be changed but need not; returns the settings, and strategies to compare if asked to.

    Raises:
        UsageError: for settings that do not go together.
    """
    default = FinetuneConfig(base=base.name)
    with st.expander("Advanced"):
        if base.name not in registry.BASELINES:
            _choose_training(default)
        held_out = _choose_held_out(default)
        _choose_seed(info, default)
        allowed = imbalance_for(base.name, _choose_strategy(info, base))
        choose_vectors(base.name)
        choose_imbalance(info, base, allowed, held_out=held_out)
        compared = choose_compared(info, base, allowed, held_out=held_out)
        choose_languages(info, held_out=held_out)
    return chosen_settings(info, base.name), compared


def _choose_training(default: FinetuneConfig) -> None:
    """Draws what only networks have: how long and in what steps they learn, and how much of a text they read."""
    first, second = st.columns(2)
    with first:
        st.number_input(
            "Epochs", 1, 1000, value=None, placeholder="Automatic", key="set:epochs",
            help="Passes over the training rows; automatic takes more of them for fewer rows. Training ends early "
            "when the validation rows stop improving.",
        )  # fmt: skip
        st.number_input(
            "Learning rate", 1e-6, 1.0, value=None, format="%g", placeholder="Automatic", key="set:rate",
            help="How large a step the weights take; automatic takes what suits the base model.",
        )  # fmt: skip
    with second:
        st.number_input("Batch size", 1, 4096, default.batch_size, key="set:batch", help="Rows per step.")
        st.number_input(
            "Longest text", 4, 1024, default.max_length, key="set:length",
            help="In tokens, which are words or parts of words. What is beyond is not read.",
        )  # fmt: skip


def chosen_settings(info: DatasetInfo, base: str) -> FinetuneConfig:
    """The settings as they are chosen now; in a callback too, which runs before the page shows what has changed.

    Raises:
        UsageError: for settings that do not go together.
    """
    default = FinetuneConfig(base=base)

    def value(name: str, otherwise: Any) -> Any:
        found = session().widget(f"set:{name}")
        return otherwise if found is None else found

    network = base not in registry.BASELINES
    tunable = bool(strategies_for(base))  # what is not drawn for this base may still be kept from another one
    tuned = value("strategy", AUTO) if tunable else AUTO
    strategy = None if tuned == AUTO else str(tuned)
    imbalance = str(value("imbalance", AUTO))
    return FinetuneConfig(
        base=base,
        seed=int(value("seed", default.seed)),
        epochs=value("epochs", None) if network else None,
        batch_size=int(value("batch", default.batch_size)) if network else default.batch_size,
        learning_rate=value("rate", None) if network else None,
        vectors=str(value("vectors", "")) if takes_vectors(base) else "",
        strategy=strategy,
        self_training=tunable and info.n_labeled < info.n_rows and bool(value("self-training", False)),
        imbalance=imbalance if imbalance in imbalance_for(base, strategy) else AUTO,
        languages=str(value("languages", BALANCED)),
        test_fraction=value("test", 100 * default.test_fraction) / 100,
        validation_fraction=value("validation", 100 * default.validation_fraction) / 100,
        max_length=int(value("length", default.max_length)) if network else default.max_length,
    )


def _choose_held_out(default: FinetuneConfig) -> float:
    """Draws the shares of the rows that judge the model, and by which choices are made; returns their sum."""
    first, second = st.columns(2)
    test = first.slider(
        "Held out to judge", 0, 50, round(100 * default.test_fraction), format="%d %%", key="set:test",
        help="Share of the labeled rows that training never sees; the Evaluate page judges the model on them.",
    )  # fmt: skip
    validation = second.slider(
        "Held out to validate", 2, 50, round(100 * default.validation_fraction), format="%d %%", key="set:validation",
        help="Share of the labeled rows by which a network's best epoch and the decision thresholds are chosen, and "
        "its probabilities calibrated.",
    )  # fmt: skip
    return float(test / 100 + validation / 100)


def _choose_strategy(info: DatasetInfo, base: BaseModel) -> str | None:
    """Draws how much of the base model is tuned, which it returns, and whether rows without a label help.

    There is nothing to choose, and None, for a base that was not pretrained.
    """
    strategies = strategies_for(base.name)
    if not strategies:
        return None
    options = (AUTO, *strategies)
    chosen = st.selectbox("What is tuned", options, format_func=STRATEGY_TITLES.__getitem__, key="set:strategy")
    automatic = chosen == AUTO
    few = f"the head alone below {text.number(FULL_FROM)} training rows"
    st.caption(f"By the other settings and the rows: {few}, else everything." if automatic else STRATEGIES[chosen])
    n_unlabeled = info.n_rows - info.n_labeled
    if n_unlabeled:
        st.toggle(
            "Learn from rows without a label as well",
            key="set:self-training",
            help=f"Of the {text.count(n_unlabeled, 'row')} without a label, up to {text.number(MOST_UNLABELED)} count "
            "with the label that the model guesses, each a tenth of a labeled row at most (self-training). It seldom "
            "helps much.",
        )
    return None if automatic else chosen


def _choose_seed(info: DatasetInfo, default: FinetuneConfig) -> None:
    st.number_input(
        "Seed", 0, 2**32 - 1, default.seed, key="set:seed",
        help="Draws the split and the order of the rows. The same seed on the same data gives the same run.",
    )  # fmt: skip
    group = (
        f"column “{text.literal(info.group_column)}”" if info.group_column else "none chosen when the file was imported"
    )
    st.caption(f"Rows that stay together when rows are held out: duplicates always; documents: {group}.")


def show_start(
    info: DatasetInfo, config: FinetuneConfig, workspace: Workspace, *, compared: Sequence[str] = (), primary: bool
) -> None:
    """Draws the estimate and the button that starts; what would stop the run is said instead of offered.

    With strategies to compare, a run is started for each of them at once.
    """
    problem = find_problem(info, config)
    if problem is not None:
        show_error(problem)
        return
    if compared:
        alike = tune_alike(config, compared)
        runs = [start_run(info, dataclasses.replace(alike, imbalance=name), workspace) for name in compared]
        session().use_run(runs[0])
        st.rerun()
    _say_recommendation(info, config)
    low, high = _estimate(info, config, workspace)
    waiting = [run for run in workspace.runs() if jobs.read_state(run.folder).active]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Fine-tune",
            type="primary" if primary else "secondary",
            icon=":material/play_arrow:",
            key=f"start:{info.id}:{session().run_id}",
            on_click=_start,  # before the page is drawn again, which takes a while
            args=(info, session().run_id),
        )
        behind = f", after {text.count(len(waiting), 'run')} before it" if waiting else ""
        st.markdown(f"Takes {text.time_range(low, high)}{behind}.")
    jobs.prepare()


def _start(info: DatasetInfo, in_use: str | None) -> None:
    """Starts a run with the settings as they are chosen now, unless it is the second click of a double click.

    Args:
        info: the dataset.
        in_use: the run that was in use when the button was drawn; the first click has put another in its place.
    """
    if session().run_id != in_use:
        return
    with guard():
        config = chosen_settings(info, str(session().widget(_base_key(info))))
        if find_problem(info, config) is None:  # else the page says it where the button was
            session().use_run(start_run(info, config, cache.workspace()))


def _base_key(info: DatasetInfo) -> str:
    """Where the session keeps the name of the chosen base model."""
    return f"base:{info.id}"


def _say_recommendation(info: DatasetInfo, config: FinetuneConfig) -> None:
    """What will be done against imbalance without having been asked for, in a line."""
    counts = training_counts(info, config.test_fraction + config.validation_fraction)
    recommended, reason = recommend(config.base, counts)
    if config.imbalance == AUTO and recommended != "none":
        st.markdown(f"{TITLES[recommended]}: {text.literal(reason, limit=400)}")


def _estimate(info: DatasetInfo, config: FinetuneConfig, workspace: Workspace) -> tuple[float, float]:
    """How long a run takes, in seconds, from and to: corrected by how long finished runs on this dataset took."""
    mean_tokens = cache.mean_tokens(cache.root(), info.id)
    past = []
    for run in runs_of(workspace, info.id)[:PAST_RUNS]:
        state = run.state
        if state.status == "finished" and state.elapsed > 0:
            expected = estimate_seconds(info.n_labeled, mean_tokens=mean_tokens, config=run.info.config)
            past.append(state.elapsed / (sum(expected) / 2))
    return estimate_seconds(info.n_labeled, mean_tokens=mean_tokens, config=config, past=tuple(past))


def start_run(info: DatasetInfo, config: FinetuneConfig, workspace: Workspace) -> Run:
    """A new run on a dataset, its worker started; its name says what sets it apart from other runs."""
    parts = [registry.find_base(config.base).title]
    if config.vectors:
        parts.append(f"word vectors {config.vectors}")
    if config.imbalance == "none":
        parts.append("nothing against imbalance")
    elif config.imbalance != AUTO:
        parts.append(TITLES[config.imbalance].lower())
    if config.strategy:
        parts.append(STRATEGY_TITLES[config.strategy].lower())
    if config.languages != BALANCED:
        parts.append(f"languages {LANGUAGE_TITLES[config.languages].lower()}")
    if config.self_training:
        parts.append("self-training")
    if config.seed:
        parts.append(f"seed {config.seed}")
    run = workspace.create_run(info.id, config, name=", ".join(parts))
    jobs.start(run.folder)
    return run
