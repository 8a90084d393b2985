"""Settings of a dataset's labeling and its written guidelines: the latest value counts, earlier ones stay."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from sentiment.errors import UsageError
from sentiment.labels.schema import settings
from sentiment.numbers import number

MAX_GUIDELINE_CHARS = 50_000
DEFAULTS: dict[str, Any] = {
    "opinions_share": 0.0,  # share of the rows for which several people are asked, from 0 to 1
    "opinions": 2,  # how many people that is
    "refresh_every": 10,  # labels after which the queue is ranked anew
    "goal": 500,  # labels to reach
    "keys": {},  # class or action → key; the rest keep their default keys
    "guidelines": "",
}


def read_settings(connection: Connection, dataset_id: str) -> dict[str, Any]:
    """All settings, with their defaults where nobody set them."""
    query = select(settings.c.name, settings.c.value).where(settings.c.dataset_id == dataset_id)
    found = {name: json.loads(value) for name, value in connection.execute(query.order_by(settings.c.id)).all()}
    return DEFAULTS | {name: value for name, value in found.items() if name in DEFAULTS}


def write_settings(connection: Connection, dataset_id: str, values: dict[str, Any], *, who: str) -> None:
    """Stores settings that differ from the ones that count now."""
    before = read_settings(connection, dataset_id)
    rows = [
        {
            "dataset_id": dataset_id,
            "name": name,
            "value": json.dumps(value, ensure_ascii=False),
            "who": who,
            "at": datetime.now(UTC),
        }
        for name, value in values.items()
        if before[name] != value
    ]
    if rows:
        connection.execute(insert(settings), rows)


def check_settings(values: dict[str, Any]) -> None:
    """Checks names and ranges.

    Raises:
        UsageError: for a setting that there is not, or a value outside its range.
    """
    for name, value in values.items():
        if name not in DEFAULTS:
            raise UsageError(f"There is no setting “{name[:40]}”", expected=f"One of {', '.join(DEFAULTS)}")
        fits, expected = _check(name, value)
        if not fits:
            raise UsageError(f"{name} = {str(value)[:60]} does not fit", expected=expected)


def _check(name: str, value: Any) -> tuple[bool, str]:
    """Whether the value fits, and what would."""
    if name == "guidelines":
        short = isinstance(value, str) and len(value) <= MAX_GUIDELINE_CHARS
        return short, f"Up to {number(MAX_GUIDELINE_CHARS)} characters"
    if name == "keys":
        texts = isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair)
        return texts and len(set(value.values())) == len(value), "One key each, no two the same"
    if name == "opinions_share":
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        return numeric and 0 <= value <= 1, "A share from 0 to 1"
    low, high = {"opinions": (2, 3), "refresh_every": (1, 1_000), "goal": (1, 1_000_000)}[name]
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and low <= value <= high, f"A whole number from {low} to {number(high)}"
