"""Which row is on whose screen: two people on one queue get different rows."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from sqlalchemy import Connection, delete, insert, select

from sentiment.labels.derive import active_events
from sentiment.labels.schema import events, leases, row_states

_CHUNK = 200


def wanted_opinions(dataset_id: str, row: int, *, share: float, opinions: int) -> int:
    """How many people are asked for a row: `opinions` for a `share` of the rows, always the same ones, else 1."""
    drawn = zlib.crc32(f"{dataset_id}:{row}".encode()) / 2**32
    return opinions if drawn < share else 1


def reserve_rows(
    connection: Connection,
    dataset_id: str,
    rows: Sequence[int],
    *,
    who: str,
    n: int,
    seconds: float,
    share: float,
    opinions: int,
    again: bool,
) -> list[int]:
    """The first `n` of `rows` that still want an opinion of this person, leased to them (see `LabelStore.reserve`)."""
    now = datetime.now(UTC)
    connection.execute(delete(leases).where(leases.c.dataset_id == dataset_id, leases.c.until <= now))
    chosen: list[int] = []
    unique = list(dict.fromkeys(rows))
    for start in range(0, len(unique), _CHUNK):
        part = unique[start : start + _CHUNK]
        wanted = {row: wanted_opinions(dataset_id, row, share=share, opinions=opinions) for row in part}
        chosen += _open_rows(connection, dataset_id, part, who=who, wanted=wanted, again=again)
        if len(chosen) >= n:
            break
    chosen = chosen[:n]
    _lease(connection, dataset_id, chosen, who=who, until=now + timedelta(seconds=seconds))
    return chosen


def rows_awaiting(
    connection: Connection, dataset_id: str, *, who: str, n: int, share: float, opinions: int
) -> list[int]:
    """The first `n` rows that others labeled, that want a further opinion, and that this person has not judged."""
    own = select(events.c.row).where(
        events.c.dataset_id == dataset_id, events.c.who == who, events.c.kind.in_(("label", "clear", "skip"))
    )
    query = select(row_states.c.row, row_states.c.n_opinions).where(
        row_states.c.dataset_id == dataset_id,
        row_states.c.n_opinions > 0,
        row_states.c.n_opinions < opinions,
        row_states.c.rule != "settled",
        row_states.c.excluded.is_(False),
        row_states.c.row.not_in(own),
    )
    waiting = (
        state.row
        for state in connection.execute(query.order_by(row_states.c.row))
        if state.n_opinions < wanted_opinions(dataset_id, state.row, share=share, opinions=opinions)
    )
    return list(islice(waiting, n))


def release_rows(connection: Connection, dataset_id: str, rows: Sequence[int], *, who: str) -> None:
    """Ends a person's leases of these rows."""
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        mine = (leases.c.dataset_id == dataset_id) & (leases.c.who == who) & leases.c.row.in_(part)
        connection.execute(delete(leases).where(mine))


def _open_rows(
    connection: Connection, dataset_id: str, rows: Sequence[int], *, who: str, wanted: dict[int, int], again: bool
) -> list[int]:
    """Those of the rows, in order, that this person has not judged and that enough others neither have nor are at."""
    busy = connection.execute(
        select(leases.c.row).where(leases.c.dataset_id == dataset_id, leases.c.row.in_(rows), leases.c.who != who)
    ).scalars()
    taken = dict.fromkeys(rows, 0)
    for row in busy:
        taken[row] += 1
    if again:
        return [row for row in rows if not taken[row]]
    closed = set()
    states = connection.execute(
        select(row_states.c.row, row_states.c.n_opinions, row_states.c.rule, row_states.c.excluded).where(
            row_states.c.dataset_id == dataset_id, row_states.c.row.in_(rows)
        )
    ).all()
    for state in states:
        taken[state.row] += state.n_opinions
        if state.excluded or state.rule == "settled":
            closed.add(state.row)
    closed |= _judged_by(connection, dataset_id, rows, who=who)
    return [row for row in rows if row not in closed and taken[row] < wanted[row]]


def _judged_by(connection: Connection, dataset_id: str, rows: Sequence[int], *, who: str) -> set[int]:
    """The rows that this person labeled, cleared or skipped, and did not undo it."""
    query = select(events.c.id, events.c.row, events.c.kind, events.c.who, events.c.target).where(
        events.c.dataset_id == dataset_id, events.c.row.in_(rows)
    )
    active = active_events(connection.execute(query).all())
    return {event.row for event in active if event.who == who and event.kind in ("label", "clear", "skip")}


def _lease(connection: Connection, dataset_id: str, rows: Sequence[int], *, who: str, until: datetime) -> None:
    release_rows(connection, dataset_id, rows, who=who)
    if rows:
        values = [{"dataset_id": dataset_id, "row": row, "who": who, "until": until} for row in rows]
        connection.execute(insert(leases), values)
