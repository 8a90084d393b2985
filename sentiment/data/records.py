"""JSON lines, or a JSON array of objects, into a table of strings."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from sentiment.data.cells import CHUNK_ROWS, StringTable, has_surrogate
from sentiment.data.encodings import check_decodes
from sentiment.data.limits import Limits
from sentiment.errors import DataError
from sentiment.numbers import number

_ADVICE = "Repair that line, or remove it"


class _NumberText(str):
    """A number as it is written in the file: 007-like digits and 2^63 + 1 survive."""


def read_records(content: bytes, *, encoding: str, limits: Limits) -> StringTable:
    """One row per JSON object, one column per key in order of first appearance.

    Strings are taken as they are, numbers as they are written, true and false as words, lists and objects as JSON.
    A null or a missing key is a missing value.

    Raises:
        DataError: naming the line that is not a JSON object, holds NaN, or is nested too deeply.
    """
    check_decodes(content, encoding)
    text = content.decode(encoding)
    is_array = text.lstrip("\ufeff \t\r\n").startswith("[")
    lines = iter(text.removeprefix("\ufeff").split("\n"))
    objects = _from_array(text, limits=limits) if is_array else records_of(lines, limits=limits)
    records = list(_bounded(objects, limits=limits))
    if not records:
        raise DataError("The file has no JSON objects", expected="One object per line, such as {“text”: “…”}")
    keys: dict[str, None] = {}
    for record in records:
        if record.keys() - keys.keys():
            keys.update(dict.fromkeys(record))
    broken = next((key for key in keys if has_surrogate(key)), None)
    if broken is not None:
        raise DataError(f"The key {broken!a} holds half of a character (a lone surrogate)", todo="Repair that key")
    table = StringTable(list(keys) or ["text"], limits=limits)
    for start in range(0, len(records), CHUNK_ROWS):
        chunk = records[start : start + CHUNK_ROWS]
        table.add_columns([[record.get(key) for record in chunk] for key in keys] or [[None] * len(chunk)])
    return table


def _bounded(objects: Iterator[dict[str, str | None]], *, limits: Limits) -> Iterator[dict[str, str | None]]:
    for n_read, record in enumerate(objects, 1):
        if n_read > limits.max_rows:
            raise DataError(
                f"The file has more than {number(limits.max_rows)} rows",
                expected=f"At most {number(limits.max_rows)} rows are read",
                todo="Import a random sample of the rows, or split the file",
            )
        if len(record) > limits.max_columns:
            raise DataError(
                f"Row {number(n_read)} has {number(len(record))} keys",
                expected=f"At most {number(limits.max_columns)} columns are read",
            )
        yield record


def records_of(lines: Iterator[str], *, limits: Limits) -> Iterator[dict[str, str | None]]:
    """One record of strings for each line that is not blank.

    Args:
        lines: ended by LF alone: splitlines() would also cut at U+2028 inside a string.
        limits: bounds on how deep values may be nested.

    Raises:
        DataError: naming the line that is not a JSON object, holds NaN, or is nested too deeply.
    """
    for n_read, line in enumerate(lines, 1):
        if line.strip():
            place = f"Line {number(n_read)}"
            yield _record(_load(line, place=place), place=place, limits=limits)


def _from_array(text: str, *, limits: Limits) -> Iterator[dict[str, str | None]]:
    values = _load(text.removeprefix("\ufeff"), place="The JSON array")
    for n_read, value in enumerate(values, 1):
        yield _record(value, place=f"Item {number(n_read)} of the JSON array", limits=limits)


def _load(text: str, *, place: str) -> Any:
    def _refuse(name: str) -> NoReturn:
        raise DataError(
            f"{place} holds {name}", expected="JSON has no such number; null is a missing value", todo=_ADVICE
        )

    try:
        return json.loads(text, parse_int=_NumberText, parse_float=_NumberText, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = (
            f"line {number(error.lineno)}, column {number(error.colno)}"
            if error.lineno > 1
            else f"column {number(error.colno)}"
        )
        raise DataError(
            f"{place} is not valid JSON ({error.msg} at {where})", expected="One JSON object per line", todo=_ADVICE
        ) from error
    except RecursionError as error:
        raise DataError(f"{place} is nested too deeply", expected="Flat objects of texts and numbers") from error


def _record(value: Any, *, place: str, limits: Limits) -> dict[str, str | None]:
    if not isinstance(value, dict):
        raise DataError(f"{place} is not a JSON object", expected="An object such as {“text”: “…”, “label”: “…”}")
    return {key: _field(item, place=place, limits=limits) for key, item in value.items()}


def _field(value: Any, *, place: str, limits: Limits) -> str | None:
    if value is None or type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return str(value)
    if not _shallow(value, limits.max_json_depth - 1):
        raise DataError(
            f"{place} is nested more than {limits.max_json_depth} levels deep",
            expected="Texts and numbers",
            todo=_ADVICE,
        )
    return json.dumps(_numbers(value), ensure_ascii=False)


def _shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, list | dict):
        return True
    items = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_shallow(item, levels - 1) for item in items)


def _numbers(value: Any) -> Any:
    """Numbers within a list or object as numbers again; one too long for that stays as it is written."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, _NumberText) and len(value) <= 18:
        return json.loads(value)
    return value
