"""The forms that other labeling tools import and export: Label Studio, Argilla, doccano.

What such a tool has no place for (who, when, how, status, notes) travels in fields that it keeps and hands back:
Label Studio's task data, Argilla's metadata, doccano's metadata. What people add in the tool itself is read as well.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from sentiment.errors import DataError
from sentiment.labels.exchange_lines import Line, make_line

_FROM, _TO = "label", "text"  # names of the controls in Label Studio's configuration; see docs/labels.md
_KEPT = ("label", "who", "when", "how", "status", "note")
_MODEL = "file"
EXPECTED = {
    "label-studio": "Tasks with “data” and “annotations”, as the export “JSON” of Label Studio has them",
    "argilla": "Records with “fields”, and “responses” or the metadata of an export from here",
    "doccano": "Lines with “text” and “label”",
}


def form_of_records(content: bytes, name: str) -> str | None:
    """The form that the records of a JSON file have, "jsonl" for a table of labels; None if they tell none."""
    try:
        records = _records(content, name)
    except DataError:
        return None
    for record in records:
        if isinstance(record.get("fields"), dict) and record.keys() & {"metadata", "responses", "suggestions"}:
            return "argilla"
        if isinstance(record.get("data"), dict):
            return "label-studio"
        if isinstance(_first_of(record, "label", "labels"), list):
            return "doccano"
    return "jsonl" if any("label" in record for record in records) else None


def write_label_studio(table: pd.DataFrame) -> bytes:
    """Tasks with annotations: each opinion is one; a label of the file is a prediction, for people to confirm."""
    tasks = []
    for row, lines in _by_row(table):
        said = [line for line in lines if _states_label(line)]
        guessed = [line for line in lines if not said and line["label"]][:1]
        tasks.append(
            {
                "data": {"text": lines[0]["text"], "row": row, "lines": [_kept(line) for line in lines]},
                "annotations": [{"result": [_choice(line["label"])]} for line in said],
                "predictions": [{"model_version": _MODEL, "result": [_choice(line["label"])]} for line in guessed],
            }
        )
    return _json(tasks)


def read_label_studio(content: bytes, name: str) -> list[Line]:
    """The lines of tasks, as exported here or by Label Studio (errors as for `read_argilla`)."""
    found = []
    for number, task in enumerate(_records(content, name), 1):
        data = _dict(task.get("data")) or task
        base = _base(data, data)
        kept = _kept_lines(data.get("lines"))
        found += [make_line(number, {**base, **line}) for line in kept]
        known = [line["label"] for line in kept if _states_label(line)]
        for annotation in _dicts(task.get("annotations") or task.get("completions")):
            label, fault = _chosen(annotation)
            if label in known:
                known.remove(label)  # the one that was exported here
                continue
            values = {"label": label, "who": _person(annotation.get("completed_by")), "how": "imported"}
            values["when"] = _word(annotation.get("created_at"))
            values["status"] = "skipped" if annotation.get("was_cancelled") else "labeled" if label else "cleared"
            found.append(make_line(number, {**base, **values}, fault=fault))
    return found


def write_argilla(table: pd.DataFrame) -> bytes:
    """Records with the label as a suggestion, to be read by `dataset.records.from_json`.

    Responses belong to accounts of one Argilla server, and a server refuses those of others: people's labels travel
    in the metadata.
    """
    records = []
    for row, lines in _by_row(table):
        labels = [line for line in lines if line["label"]]
        best = next((line for line in labels if "settled" in line["status"]), labels[-1] if labels else None)
        suggestion = {"value": best["label"], "score": None, "agent": best["who"] or _MODEL} if best else None
        records.append(
            {
                "id": f"row-{row}",
                "fields": {"text": lines[0]["text"]},
                "metadata": {"row": row, "lines": json.dumps([_kept(line) for line in lines], ensure_ascii=False)},
                "suggestions": {"label": suggestion} if suggestion else {},
                "responses": {},
                "vectors": {},
            }
        )
    return _json(records)


def read_argilla(content: bytes, name: str) -> list[Line]:
    """The lines of records, as exported here or by Argilla.

    Raises:
        DataError: if the file is not JSON, or no list of objects.
    """
    found = []
    for number, record in enumerate(_records(content, name), 1):
        metadata = _dict(record.get("metadata"))
        base = _base(metadata, _dict(record.get("fields")))
        found += [make_line(number, {**base, **line}) for line in _kept_lines(metadata.get("lines"))]
        responses = record.get("responses")
        if isinstance(responses, dict):  # a question → answers
            of_label = responses.get(_FROM)
            responses = of_label or next((found for found in responses.values() if isinstance(found, list)), [])
        for response in _dicts(responses):
            label, fault = _label(response.get("value"))
            if label or fault:
                values = {"label": label, "who": _person(response.get("user_id")), "how": "imported"}
                found.append(make_line(number, {**base, **values}, fault=fault))
    return found


def write_doccano(table: pd.DataFrame) -> bytes:
    """A line of JSON for each statement; what is not text or label becomes doccano's metadata."""
    lines = []
    for line in table.to_dict(orient="records"):
        label = [line["label"]] if line["label"] else []
        extra = {name: line[name] for name in _KEPT if name != "label"}
        lines.append(
            json.dumps({"text": line["text"], "label": label, "row": line["row"], **extra}, ensure_ascii=False)
        )
    return "".join(line + "\n" for line in lines).encode()


def read_doccano(content: bytes, name: str) -> list[Line]:
    """The lines of a JSONL file, as exported here or by doccano (errors as for `read_argilla`)."""
    found = []
    for number, record in enumerate(_records(content, name), 1):
        label, fault = _label(_first_of(record, "label", "labels"))
        values = {key: _word(record.get(key)) for key in ("row", *_KEPT) if key != "label"}
        values["text"] = _word(_first_of(record, "text", "data"))
        words = values["status"].split()
        if label and words[:1] == ["unlabeled"]:  # it was labeled there
            values["status"] = " ".join(["labeled", *words[1:]])
        found.append(make_line(number, {**values, "label": label}, fault=fault))
    return found


WRITERS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "label-studio": write_label_studio,
    "argilla": write_argilla,
    "doccano": write_doccano,
}
READERS: dict[str, Callable[[bytes, str], list[Line]]] = {
    "label-studio": read_label_studio,
    "argilla": read_argilla,
    "doccano": read_doccano,
}


def _by_row(table: pd.DataFrame) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    rows: dict[int, list[dict[str, Any]]] = {}
    for line in table.to_dict(orient="records"):
        rows.setdefault(line["row"], []).append({str(key): value for key, value in line.items()})
    yield from rows.items()


def _states_label(line: Mapping[str, Any]) -> bool:
    return bool(line.get("label")) and bool({"labeled", "settled"} & set(str(line.get("status", "")).split()))


def _kept(line: Mapping[str, Any]) -> dict[str, str]:
    return {name: line[name] for name in _KEPT if line[name]}


def _kept_lines(value: Any) -> list[dict[str, str]]:
    """The lines that were exported here and came back."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    return [{name: _word(line.get(name)) for name in _KEPT} for line in _dicts(value)]


def _choice(label: str) -> dict[str, Any]:
    return {"from_name": _FROM, "to_name": _TO, "type": "choices", "value": {"choices": [label]}}


def _chosen(annotation: Mapping[str, Any]) -> tuple[str, str]:
    """The choice of an annotation, "" where nothing was chosen or the task was skipped; and what is wrong with it."""
    results = annotation.get("result")
    if annotation.get("was_cancelled") or results is None or results == []:
        return "", ""
    chosen: list[Any] = []
    for result in _dicts(results):
        choices = _dict(result.get("value")).get("choices")
        chosen += choices if isinstance(choices, list) else []
    if not chosen:
        return "", "an annotation without a choice"
    return _label(chosen)


def _label(value: Any) -> tuple[str, str]:
    """The label that a value of JSON names, "" for none; and what is wrong with it, "" for nothing."""
    if isinstance(value, list):
        if len(value) > 1:
            return "", "more than one label"
        value = value[0] if value else None
    if value is None or isinstance(value, str):  # numbers are read as they are written
        return value or "", ""
    return "", "a label that is neither a word nor a number"


def _base(place: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, str]:
    """The row and the text that a task or record is about."""
    return {"row": _word(place.get("row")), "text": _word(fields.get("text"))}


def _first_of(record: Mapping[str, Any], *keys: str) -> Any:
    """The first value of these keys that is not missing."""
    return next((record[key] for key in keys if record.get(key) is not None), None)


def _person(value: Any) -> str:
    """Who it was, of a number, a name, or an account."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    return _word(value)


def _word(value: Any) -> str:
    return "" if value is None else str(value)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _records(content: bytes, name: str) -> list[dict[str, Any]]:
    """The objects of a JSON array, or of lines of JSON."""
    try:
        text = content.decode("utf-8-sig")
        parts = [text] if text.lstrip().startswith("[") else [line for line in text.split("\n") if line.strip()]
        values = [json.loads(part, parse_int=str, parse_float=str) for part in parts]
        values = values[0] if text.lstrip().startswith("[") else values
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{name} is not JSON ({str(error)[:120]})", expected="A JSON array, or one JSON object per line, in UTF-8"
        ) from error
    if not all(isinstance(value, dict) for value in values):
        raise DataError(f"{name} is no list of JSON objects", expected="One object for each row")
    return values


def _json(values: list[dict[str, Any]]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()
