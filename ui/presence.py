"""Whether somebody else labels under the same name: they would get the same rows, and undo each other's labels."""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

_GONE = 10.0  # seconds without a sign after which a window counts as closed; an open page gives one every few


@dataclass
class _Window:
    opened: float
    last: float


_windows: dict[tuple[str, str], dict[str, _Window]] = {}  # by dataset and name, then by session
_lock = Lock()


def is_shared(dataset_id: str, name: str, session_id: str) -> bool:
    """Notes that a window labels a dataset under a name; returns whether another open window does so, too.

    A window that gave its last sign before this one opened is this one, before it was reloaded.
    """
    now = monotonic()
    with _lock:
        found = {key: seen for key, seen in _windows.get((dataset_id, name), {}).items() if now - seen.last < _GONE}
        own = found.setdefault(session_id, _Window(opened=now, last=now))
        own.last = now
        _windows[(dataset_id, name)] = found
        return any(seen.last > own.opened for key, seen in found.items() if key != session_id)
