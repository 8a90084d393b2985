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
        base = {"row": _word(data.get("row")), "text": _word(data.get("text"))}
        kept = _kept_lines(data.get("lines"))
        found += [make_line(number, {**base, **line}) for line in kept]
        known = [line["label"] for line in kept if _states_label(line)]
        for annotation in _dicts(task.get("annotations") or task.get("completions")):
            label = _chosen(annotation)
            if label in known:
                known.remove(label)  # the one that was exported here
                continue
            values = {"label": label, "who": _person(annotation.get("completed_by")), "how": "imported"}
            values["when"] = _word(annotation.get("created_at"))
            values["status"] = "skipped" if annotation.get("was_cancelled") else "labeled" if label else "cleared"
            found.append(make_line(number, {**base, **values}))
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
        base = {"row": _word(metadata.get("row")), "text": _word(_dict(record.get("fields")).get("text"))}
        found += [make_line(number, {**base, **line}) for line in _kept_lines(metadata.get("lines"))]
        responses = record.get("responses")
        if isinstance(responses, dict):  # a question → answers
            responses = next((answers for answers in responses.values() if isinstance(answers, list)), [])
        for response in _dicts(responses):
            label = response.get("value")
            if isinstance(label, str):
                values = {"label": label, "who": _person(response.get("user_id")), "how": "imported"}
                found.append(make_line(number, {**base, **values}))
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
        labels = record.get("label") or record.get("labels") or []
        labels = [labels] if isinstance(labels, str) else labels
        values = {key: _word(record.get(key)) for key in ("row", *_KEPT) if key != "label"}
        values["text"] = _word(record.get("text") or record.get("data"))
        words = values["status"].split()
        if labels and words[:1] == ["unlabeled"]:  # it was labeled there
            values["status"] = " ".join(["labeled", *words[1:]])
        fault = "more than one label" if len(labels) > 1 else ""
        line = make_line(number, {**values, "label": _word(labels[0]) if labels else ""})
        found.append(Line(**{**vars(line), "fault": fault or line.fault}))
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
        except ValueError:
            return []
    return [{name: _word(line.get(name)) for name in _KEPT} for line in _dicts(value)]


def _choice(label: str) -> dict[str, Any]:
    return {"from_name": _FROM, "to_name": _TO, "type": "choices", "value": {"choices": [label]}}


def _chosen(annotation: Mapping[str, Any]) -> str:
    """The first choice of an annotation; "" for none."""
    for result in _dicts(annotation.get("result")):
        value = result.get("value")
        choices = value.get("choices") if isinstance(value, dict) else None
        if isinstance(choices, list) and choices:
            return _word(choices[0])
    return ""


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
        values = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else [json.loads(line) for line in text.split("\n") if line.strip()]
        )
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{name} is not JSON ({str(error)[:120]})", expected="A JSON array, or one JSON object per line, in UTF-8"
        ) from error
    if not all(isinstance(value, dict) for value in values):
        raise DataError(f"{name} is no list of JSON objects", expected="One object for each row")
    return values


def _json(values: list[dict[str, Any]]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()
