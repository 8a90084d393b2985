"""From probabilities to decisions: a threshold per class with its costs, and rows that stay undecided."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from sentiment import figures
from sentiment.access import Role
from sentiment.evaluation import TOO_FEW
from sentiment.evaluation.intervals import divide
from sentiment.evaluation.means import Estimate
from sentiment.evaluation.thresholds import (
    UNDECIDED,
    Decided,
    Rule,
    Sweep,
    cheapest_threshold,
    judge_rule,
    sweep_threshold,
)
from sentiment.judging import Judgement, read_rule, save_rule
from sentiment.training.runs import Run
from ui import address, cache_judge, text
from ui.cache_judge import Held
from ui.guard import guard
from ui.people import may
from ui.state import session
from ui.widgets import Figure, is_dark, show_figure, show_figures

_ADDRESS = "t-"  # before the name of a class: its threshold, in per cent
_MOST = 99  # per cent that can be dragged to


@dataclass
class Draft:
    """The rule that is being tried out: thresholds by class and the undecided band, in per cent."""

    thresholds: dict[str, int]
    undecided_below: int = 0

    @property
    def rule(self) -> Rule:
        """As it is applied."""
        limits = {name: value / 100 for name, value in self.thresholds.items() if value}
        return Rule(limits, self.undecided_below / 100)


def show_thresholds(run: Run, judgement: Judgement) -> None:
    """Draws the threshold of a class to drag, what it does and costs, the undecided band, and the rule in words."""
    held, chosen_on = cache_judge.held_out(run), cache_judge.validation(run)
    draft = _draft(run, judgement)
    name = _choose_class(run, judgement)
    left, right = st.columns([5, 6], gap="large")
    with left:
        costs = _choose_costs(run, name)
        _propose(run, judgement, draft, name, costs, chosen_on)
        _drag(run, draft, name, judgement)
        _drag_band(run, draft)
    rule = draft.rule
    decided = judge_rule(
        held.probs, held.labels, classes=judgement.classes, rule=rule, groups=held.groups, costs=(name, *costs)
    )
    with right:
        _show_rule(judgement, rule)
        _show_saved(run, judgement, rule, name)
    _show_numbers(decided, name)
    _show_charts(run, judgement, rule, name, costs, held, chosen_on)
    _show_classes(judgement, held, rule, decided)


def _draft(run: Run, judgement: Judgement) -> Draft:
    """The rule that this session tries out: at first what the address says, else what is saved with the run."""

    def make() -> Draft:
        found = {name: _asked(_ADDRESS + name) for name in judgement.classes}
        band = _asked("undecided")
        if any(value is not None for value in found.values()) or band is not None:
            return Draft({name: value for name, value in found.items() if value}, band or 0)
        saved = read_rule(run.folder) or Rule()
        known = {name: value for name, value in saved.thresholds.items() if name in judgement.classes}
        limits = {name: max(1, _percent(value)) for name, value in known.items()}
        return Draft(limits, _percent(saved.undecided_below))

    return session().keep(f"rule:{run.id}", make)


def _percent(share: float) -> int:
    return min(round(100 * share), _MOST)


def _asked(name: str) -> int | None:
    values = st.query_params.get_all(name)
    found = address.percentage(values[0]) if len(values) == 1 else None
    return None if found is None else min(found, _MOST)


def _choose_class(run: Run, judgement: Judgement) -> str:
    key = f"threshold-class:{run.id}"
    counts = {name: int((judgement.rows["label"] == name).sum()) for name in judgement.classes}
    enough = [name for name in judgement.classes if counts[name] >= TOO_FEW] or list(judgement.classes)
    rarest = min(enough, key=counts.__getitem__)
    address.take("class", key, options=judgement.classes, default=rarest)
    titles = text.distinct({name: name for name in judgement.classes})
    name = str(st.selectbox("Class", judgement.classes, format_func=titles.__getitem__, key=key, width=360))
    address.tell("class", name)
    return name


def _choose_costs(run: Run, name: str) -> tuple[float, float]:
    st.markdown("**What does a mistake cost?**")
    with st.container(horizontal=True):
        costs = []
        for word, label, hint in (
            ("alarm", "A false alarm", f"A row of another class that is said to be “{text.literal(name, limit=40)}”."),
            ("miss", "A miss", f"A row of “{text.literal(name, limit=40)}” that is said to be something else."),
        ):
            key = f"cost-{word}:{run.id}"
            address.take_as(word, key, read=_cost, default=1.0)
            costs.append(st.number_input(label, 0.0, 1e6, step=1.0, format="%g", key=key, help=hint, width=150))
            address.tell(word, f"{costs[-1]:g}" if costs[-1] != 1 else None)
    return float(costs[0]), float(costs[1])


def _cost(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if 0 <= found <= 1e6 else None


def _propose(
    run: Run, judgement: Judgement, draft: Draft, name: str, costs: tuple[float, float], chosen_on: Held | None
) -> None:
    """Draws the threshold that costs least on the validation rows, and the button that takes it."""
    if chosen_on is None:
        st.info(
            "This run kept no validation rows to choose a threshold on. Fine-tune again, and the cheapest one can be "
            "proposed; test rows are only for judging."
        )
        return
    n = _n_of_class(chosen_on, judgement, name)
    if n < TOO_FEW:
        st.info(f"Too few rows to propose one: {text.count(n, 'validation row')} of this class; it takes {TOO_FEW}.")
        return
    if not any(costs):
        st.info("If no mistake costs anything, no threshold is better than another.")
        return
    best = cheapest_threshold(_sweep(chosen_on, judgement, draft.rule, name), false_alarm=costs[0], miss=costs[1])

    def use() -> None:
        draft.thresholds[name] = 0 if best is None else round(100 * best)
        session().set_widget(_key(run, name), draft.thresholds[name])

    title = "Use none" if best is None else f"Use {text.percent(best)}"
    what = "No threshold of its own" if best is None else "It"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(title, icon=":material/savings:", on_click=use, key="use-cheapest")
        st.markdown(f"{what} costs least on {text.count(chosen_on.n, 'validation row')}.", width="stretch")
    if judgement.split == "validation":
        st.caption("No test rows were held out: it is chosen and judged on the same rows, and looks a little too good.")


def _n_of_class(held: Held, judgement: Judgement, name: str) -> int:
    return int((held.labels == judgement.classes.index(name)).sum())


def _sweep(held: Held, judgement: Judgement, rule: Rule, name: str) -> Sweep:
    return sweep_threshold(held.probs, held.labels, name=name, classes=judgement.classes, rule=rule)


def _key(run: Run, name: str) -> str:
    return f"threshold:{run.id}:{name}"


def _band_key(run: Run) -> str:
    return f"undecided:{run.id}"


def _drag(run: Run, draft: Draft, name: str, judgement: Judgement) -> None:
    key = _key(run, name)
    if session().widget(key) is None:
        session().set_widget(key, draft.thresholds.get(name, 0))
    said = f"Say “{text.literal(name, limit=40)}” from"
    hint = "As soon as the class is so likely, it is said, even where another is likelier."
    value = int(st.slider(said, 0, _MOST, key=key, format=f"%d{text.THIN}%%", help=hint))
    if not value:
        st.caption("No threshold of its own: said where it is the most likely class.")
    draft.thresholds[name] = value
    for other in judgement.classes:
        limit = draft.thresholds.get(other, 0)
        address.tell(_ADDRESS + other, str(limit) if limit else None)


def _drag_band(run: Run, draft: Draft) -> None:
    key = _band_key(run)
    if session().widget(key) is None:
        session().set_widget(key, draft.undecided_below)
    draft.undecided_below = int(
        st.slider(
            "Leave undecided below",
            0,
            _MOST,
            key=key,
            format=f"%d{text.THIN}%%",
            help="Rows that the model is less sure of are for people to decide. Classes with a threshold of their own "
            "are not concerned.",
        )
    )
    address.tell("undecided", str(draft.undecided_below) if draft.undecided_below else None)


def _show_rule(judgement: Judgement, rule: Rule) -> None:
    with st.container(border=True):
        st.markdown("**The rule**")
        for sentence in rule.describe(judgement.classes):
            st.markdown(text.literal(sentence, limit=400))


def _show_saved(run: Run, judgement: Judgement, rule: Rule, name: str) -> None:
    """Draws whether this rule is the run's, and for its owner the buttons that make it so."""
    saved = read_rule(run.folder) or Rule()
    if saved == rule:
        st.caption(
            "This is how the run scores files and answers at the endpoint."
            if rule.plain
            else "This rule is saved with the run: scored files and the endpoint follow it."
        )
    elif not may(Role.OWNER):
        st.caption("You try it out; an owner can save it with the run.")
    if may(Role.OWNER):
        with st.container(horizontal=True):
            st.button(
                "Save with the run", icon=":material/save:", disabled=saved == rule, key="save-rule",
                on_click=_save, args=(run, judgement, name),
                help="From then on, scored files (on the Share page or by the command predict) and the endpoint get "
                "the class that the rule says, and none where it leaves a row undecided. Probabilities stay as they "
                "are.",
            )  # fmt: skip
            st.button("Back to the most likely class", icon=":material/restart_alt:", key="reset-rule",
                      disabled=rule.plain and saved.plain, on_click=_reset, args=(run, judgement))  # fmt: skip


def _save(run: Run, judgement: Judgement, name: str) -> None:
    """Saves the rule as its sliders stand now: the page may not have been drawn since one was dragged."""
    draft, limit, band = _draft(run, judgement), session().widget(_key(run, name)), session().widget(_band_key(run))
    draft.thresholds[name] = draft.thresholds.get(name, 0) if limit is None else int(limit)
    draft.undecided_below = draft.undecided_below if band is None else int(band)
    with guard():
        save_rule(run, draft.rule)


def _reset(run: Run, judgement: Judgement) -> None:
    with guard():
        save_rule(run, None)
    session().kept.pop(f"rule:{run.id}", None)
    for key in (*(_key(run, name) for name in judgement.classes), _band_key(run)):
        session().set_widget(key, 0)
    for name in ("undecided", *(_ADDRESS + name for name in judgement.classes)):
        address.tell(name, None)


def _show_numbers(decided: Decided, name: str) -> None:
    shown = text.literal(name, limit=24)
    assert decided.cost is not None
    cost = decided.cost
    show_figures(
        [
            Figure(f"{shown}: found", *_shares(decided.recall[name], decided.n[name], "rows of the class")),
            Figure(f"{shown}: right when said", *_shares(decided.precision[name], decided.said[name], "rows said")),
            Figure(
                "Decided",
                text.percent(decided.coverage.value),
                "The share of held-out rows that are not left undecided.",
                f"of them right: {_share(decided.accuracy)}",
            ),
            Figure(
                "Cost per 1 000 rows".replace(" 000", f"{text.THIN}000"),
                text.number(1000 * cost.value),
                f"{text.count(decided.false_alarms[name], 'false alarm')} and "
                f"{text.count(decided.missed[name], 'miss', 'misses')} of this class on the held-out rows.",
                f"{text.number(1000 * cost.low)} to {text.number(1000 * cost.high)}",
            ),
        ],
        key="figures-rule",
    )


def _shares(share: Estimate, n: int, what: str) -> tuple[str, str, str]:
    """Value, hint and note of a share; no number for one of too few rows."""
    if n < TOO_FEW:
        return "–", f"It takes {TOO_FEW} rows to tell; here are {n} {what}.", f"too few rows ({text.number(n)})"
    return text.percent(share.value), f"Of {text.number(n)} {what}.", text.points((share.low, share.high))


def _share(share: Estimate) -> str:
    return f"{text.percent(share.value)} ({text.points((share.low, share.high))})" if share.known else "–"


def _show_charts(
    run: Run,
    judgement: Judgement,
    rule: Rule,
    name: str,
    costs: tuple[float, float],
    held: Held,
    chosen_on: Held | None,
) -> None:
    sweep = _sweep(held, judgement, rule, name)
    chosen, shown = rule.thresholds.get(name), text.shorten(text.visible(name), 24)
    left, right = st.columns(2, gap="large")
    with left:
        total = sweep.found + sweep.missed
        table = pd.DataFrame(
            {
                "threshold": sweep.thresholds,
                "recall": divide(sweep.found, total),
                "precision": divide(sweep.found, sweep.found + sweep.false_alarms),
            }
        )
        figure = figures.plot_threshold(
            table, colour=run.info.colours.get(name, "#717782"), chosen=chosen, dark=is_dark(),
            title=f"The higher the threshold, the fewer {shown} rows are found",
        )  # fmt: skip
        show_figure(figure, key=f"threshold-chart:{run.id}")
    with right:
        show_figure(_cost_figure(judgement, rule, name, costs, sweep, chosen_on), key=f"cost-chart:{run.id}")
    _show_coverage(run, rule)


def _show_coverage(run: Run, rule: Rule) -> None:
    """Draws how right the surest rows are, among those that the undecided band is for."""
    surest = cache_judge.surest(run, rule)
    columns = ("confidence", "coverage", "accuracy", "low", "high")
    line = pd.DataFrame({column: getattr(surest, column) for column in columns})
    if line.empty:
        return
    half = line.iloc[int((line["coverage"] - 0.5).abs().to_numpy().argmin())]
    which = "of the other rows" if rule.thresholds else "of the rows"
    title = f"The surest {text.percent(half['coverage'])} {which} are right in {text.percent(half['accuracy'])}"
    share = None
    if rule.undecided_below:
        share = float(line.loc[line["confidence"] >= rule.undecided_below, "coverage"].max())
    show_figure(figures.plot_coverage(line, chosen=share, title=title, dark=is_dark()), key=f"coverage:{run.id}")


def _cost_figure(
    judgement: Judgement, rule: Rule, name: str, costs: tuple[float, float], sweep: Sweep, chosen_on: Held | None
) -> Any:
    alarm, miss = costs
    table = pd.DataFrame({"threshold": sweep.thresholds})
    cheapest = None
    if chosen_on is not None:
        on_validation = _sweep(chosen_on, judgement, rule, name)
        table["validation rows"] = on_validation.cost(false_alarm=alarm, miss=miss)
        if any(costs) and _n_of_class(chosen_on, judgement, name) >= TOO_FEW:
            cheapest = cheapest_threshold(on_validation, false_alarm=alarm, miss=miss)
    table["held-out rows"] = sweep.cost(false_alarm=alarm, miss=miss)
    title = "What the mistakes of this class cost"
    if cheapest is not None:
        title = f"Cheapest on the validation rows: {text.percent(cheapest)}"
    return figures.plot_costs(table, chosen=rule.thresholds.get(name), cheapest=cheapest, title=title, dark=is_dark())


def _show_classes(judgement: Judgement, held: Held, rule: Rule, decided: Decided) -> None:
    """Draws what the rule does to every class, and how many rows change."""
    plain = held.probs.argmax(axis=1)
    said = rule.decide(held.probs, judgement.classes)
    changed, undecided = int(((said != plain) & (said != UNDECIDED)).sum()), int((said == UNDECIDED).sum())
    table = pd.DataFrame(
        {
            "Class": [text.visible(name) for name in judgement.classes],
            "Found": [_cell(decided.recall[name], decided.n[name]) for name in judgement.classes],
            "Right when said": [_cell(decided.precision[name], decided.said[name]) for name in judgement.classes],
            "False alarms": [decided.false_alarms[name] for name in judgement.classes],
            "Missed": [decided.missed[name] for name in judgement.classes],
            "Rows": [decided.n[name] for name in judgement.classes],
        }
    )
    st.dataframe(table, hide_index=True, placeholder="", key="rule-classes")
    before = float(np.mean(plain == held.labels))
    if rule.plain:
        rows = text.count(held.n, "held-out row")
        st.caption(f"On {rows}, each with its most likely class: {_share(decided.accuracy)} right.")
        return
    st.caption(
        f"On {text.count(held.n, 'held-out row')}: {text.count(changed, 'row')} of another class than the most likely, "
        f"{text.number(undecided)} undecided. Right among the decided: {_share(decided.accuracy)}; without the rule "
        f"{text.percent(before)}. An undecided row counts as missed."
    )


def _cell(share: Estimate, n: int) -> str:
    if n < TOO_FEW:
        return f"too few rows ({text.number(n)})"
    return f"{text.percent(share.value)}  ({100 * share.low:.0f} to {100 * share.high:.0f})"
