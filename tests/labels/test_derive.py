"""The table of row states is always what follows from the events, as a second, simpler telling of the rule says."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment.labels.classes import Classes
from sentiment.labels.events import NewEvent
from sentiment.labels.schema import class_events
from sentiment.labels.store import LabelStore
from tests.labels.made_up import DATASET, MadeUp, file_label

ROWS, PEOPLE, NAMES = (0, 1, 10, 11), ("Ann", "Bob", "Cy"), ("negative", "positive", "mixed", "odd")
KINDS = ("label", "label", "label", "clear", "skip", "flag", "unflag", "exclude", "include", "settle", "undo", "undo")

acts = st.tuples(
    st.sampled_from(KINDS), st.sampled_from(ROWS), st.sampled_from(PEOPLE), st.sampled_from(NAMES), st.integers(0, 9)
)
changes = st.tuples(st.sampled_from(["merge", "restore", "undo"]), st.sampled_from(NAMES), st.sampled_from(NAMES))
stories = st.lists(st.one_of(st.lists(acts, max_size=8), changes), max_size=6)


def carry_out(store: LabelStore, part) -> None:
    """One part of a story; what it asks for and is not possible just then is passed over."""
    offered = {found.name: found.id for found in store.classes(DATASET)}
    if isinstance(part, tuple):
        kind, name, other = part
        if kind == "undo":
            store.undo(DATASET, who=PEOPLE[len(name) % 3], n=len(other) % 3 + 1)
        elif kind == "merge" and name in offered and other in offered and name != other:
            store.merge_classes(DATASET, [name], other, who="Ann")
        elif kind == "restore" and name not in offered:
            merged = next(found for found in store.all_classes(DATASET) if found.name == name)
            store.restore_class(DATASET, merged.id, who="Ann")
        return
    history = store.history(DATASET)
    new = []
    for kind, row, who, name, back in part:
        if kind == "undo":
            if back < len(history):
                target = history.iloc[-1 - back]
                new.append(NewEvent(row=int(target["row"]), kind="undo", who=who, target=int(target["id"])))
        else:
            label = name if kind in ("label", "settle") and name in offered and back else None
            if label or kind != "label":
                new.append(NewEvent(row=row, kind=kind, who=who, label=label))
    store.append(DATASET, new)


def expected(store: LabelStore, row: int) -> tuple:
    """Label, rule, excluded, flagged, skipped and opinions of a row, told another way."""
    history = store.history(DATASET)
    events = list(history[history["row"] == row].itertuples())

    def has_effect(event) -> bool:
        return not any(undo.target == event.id and has_effect(undo) for undo in events if undo.kind == "undo")

    done = [event for event in events if event.kind != "undo" and has_effect(event)]
    merged = {found.file_name: found for found in store.all_classes(DATASET) if found.file_name}
    base = file_label(row)
    if base is not None:
        base = next_name(store, merged[base].id)
    said: dict[str, list] = {}
    for event in done:
        if event.kind in ("label", "clear"):
            said[event.who] = [event.id, event.label if event.kind == "label" else None, event.kind]
    settled = [event.label for event in done if event.kind == "settle"]
    label, rule = base, "file"
    if settled and settled[-1] == settled[-1]:
        label, rule = settled[-1], "settled"
    elif said:
        votes = [vote for _, vote, _ in said.values()]
        top = max(votes.count(vote) for vote in votes)
        best = {vote for vote in votes if votes.count(vote) == top}
        label = max(v for v in said.values() if v[1] in best)[1]
        rule = "majority" if len(best) == 1 and len(votes) > 1 else "latest"
    switches = []
    for on, off in (("exclude", "include"), ("flag", "unflag")):
        turned = [event.kind for event in done if event.kind in (on, off)]
        switches.append(turned[-1:] == [on])
    last = {event.who: event.kind for event in done if event.kind in ("label", "clear", "skip")}
    return label, rule, *switches, "skip" in last.values(), sum(v[2] == "label" for v in said.values())


def next_name(store: LabelStore, class_id: int) -> str:
    query = class_events.select().where(class_events.c.dataset_id == DATASET).order_by(class_events.c.id)
    return str(Classes(store._database.read(lambda c: c.execute(query).all())).name(class_id))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])  # the file is made anew
@given(story=stories)
def test_the_states_follow_from_the_events_whatever_happens(story, fast):
    place = fast / "story.sqlite"
    try:
        store = LabelStore.open(place, source=MadeUp())
        store.add_class(DATASET, "mixed", who="Ann")
        store.add_class(DATASET, "odd", who="Ann")
        for part in story:
            carry_out(store, part)
        table = store.current(DATASET)
        columns = ["label", "rule", "excluded", "flagged", "skipped", "n_opinions"]
        told = {
            int(row["row"]): tuple(None if row[name] != row[name] else row[name] for name in columns)
            for row in table.to_dict(orient="records")
        }
        assert told == {row: expected(store, row) for row in told}
        assert set(told) == set(store.history(DATASET)["row"])
        store.rebuild(DATASET)
        assert store.current(DATASET).equals(table)
    finally:
        place.unlink(missing_ok=True)
