"""What labels in other languages teach: the transfer gap of a dataset, measured in the background or at once, and told.

Light: nothing here loads a deep-learning library before `measure_now`.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sentiment.access import Role, require
from sentiment.data import Dataset, language_name
from sentiment.data.language import UNDETERMINED
from sentiment.errors import UsageError
from sentiment.models.folders import model_folder
from sentiment.models.registry import BaseModel, list_bases
from sentiment.numbers import THIN, number, signed
from sentiment.training import transfer_gap_jobs
from sentiment.training.held_out import hash_texts, learned_before
from sentiment.training.languages import FEWEST, row_languages
from sentiment.training.transfer_gap_folder import COLUMNS, DRAWS, GapFolder, GapInfo, gap_folder, key_of, key_of_rows
from sentiment.training.transfer_gap_scores import BASE_ALONE, SCRATCH_CNN, TFIDF, TRANSFER
from sentiment.workspace import Workspace

_MOST_KNOWN = 0.1  # share of the rows that a base may have learned from; they are left out
_FEWEST_ADVISED, _MOST_OWN = 20, 200  # labels of a language's own: more than so many are not tried
TITLES = {TRANSFER: "Base model", TFIDF: "TF-IDF from nothing", SCRATCH_CNN: "Network from nothing"}


def bases_for(counts: Mapping[str, int]) -> list[BaseModel]:
    """The pretrained base models, the one that reads most of these rows first.

    Args:
        counts: rows of each language code.
    """
    found = [base for base in list_bases() if base.kind == "pretrained"]
    return sorted(found, key=lambda base: -sum(n for code, n in counts.items() if code in base.languages))


def labeled_rows(dataset: Dataset) -> pd.DataFrame:
    """The labeled rows of a dataset with the columns row, text, label, group, language."""
    frame = dataset.labeled
    frame = frame.assign(language=row_languages(frame))
    return frame[list(COLUMNS)].reset_index(drop=True)


def start_gap(workspace: Workspace, dataset_id: str, base: str, *, n_draws: int = DRAWS) -> GapFolder:
    """Has the transfer gap of a dataset measured in the background, on its labels as they are now.

    One of the very same rows that was stopped goes on where it was.

    Raises:
        AccessError: if the one who acts is no owner.
        ModelError: if there is no such base model.
        UsageError: if the base has learned from rows of the dataset, which then could not judge it.
        RunError: if it is being measured already.
    """
    require(Role.OWNER, doing="measure what languages teach each other")
    dataset = workspace.dataset(dataset_id)
    rows = labeled_rows(dataset)
    unseen = unseen_rows(base, rows)
    gap = gap_folder(workspace.dataset_folder(dataset_id), base)
    key = key_of(rows, classes=dataset.classes, model=model_folder(base), n_draws=n_draws)
    title = next((known.title for known in list_bases() if known.name == base), base)
    info = GapInfo(base, title, dataset.classes, n_draws, key, key_of_rows(rows))
    transfer_gap_jobs.start(gap, lambda: gap.create(info, unseen))
    return gap


def unseen_rows(base: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose texts a base model has not learned from, which are all where it does not say.

    Raises:
        ModelError: if there is no such base model.
        UsageError: if more than `_MOST_KNOWN` of them are known to it.
    """
    learned = learned_before(base)
    if learned is None:
        model_folder(base)
        return rows
    known = np.isin(hash_texts(rows["text"]), learned)
    if known.mean() > _MOST_KNOWN:
        raise UsageError(
            f"{base} has learned from {number(int(known.sum()))} of these {number(len(rows))} rows",
            expected="A base model that has seen hardly any of them: on rows that it learned from, it looks too good",
            todo="Choose a base model that has not learned from this dataset",
        )
    return rows[~known].reset_index(drop=True)


def transfer_cells(language: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cells of the base model, by the number of own labels."""
    return sorted((c for c in language["cells"] if c["kind"] == TRANSFER), key=lambda cell: int(cell["n_own"]))


def describe_language(language: Mapping[str, Any]) -> str:
    """The verdict on one language, in sentences that can be repeated to others."""
    name, cells = language_name(language["language"]), transfer_cells(language)
    if not cells:
        return f"{name}: {number(language['n_labels'])} labels are too few to draw any from."
    first, last = cells[0], cells[-1]
    begun = _begin(name, first, others=language["n_source"] > 0)
    gain = next((g for g in language["gains"] if g["to"] == last["n_own"]), None)
    brought = "" if gain is None else f" {_brings(name, last['n_own'], gain['macro_f1'])}"
    if len(cells) > 1 and all(cell["chosen"] == BASE_ALONE for cell in cells):
        brought = f" With {number(last['n_own'])} {name} labels it is still best left as it is."
    return f"{begun}{brought} {_from_nothing(language, last)}".strip()


def _begin(name: str, first: Mapping[str, Any], *, others: bool) -> str:
    source = "from the other languages' labels alone" if others else "by itself"
    if first["n_own"]:
        source = f"with {number(first['n_own'])} {name} labels"
    elif first["chosen"] == BASE_ALONE:
        source = "by itself"
    return f"{name}: {source}, the base model reaches macro-F1 {_interval(first['macro_f1'])}."


def _brings(name: str, n: int, gain: list[float]) -> str:
    value, low, high = (100 * part for part in gain)
    span = f"{signed(low, digits=0)} to {signed(high, digits=0)}"
    if low <= 0 <= high:
        return f"{number(n)} {name} labels make no difference that could be told ({span} points)."
    verb = "bring" if value > 0 else "cost"
    return f"{number(n)} {name} labels {verb} {abs(value):.0f} points ({span})."


def _from_nothing(language: Mapping[str, Any], last: Mapping[str, Any]) -> str:
    most = max((cell["n_own"] for cell in language["cells"] if cell["kind"] == TFIDF), default=0)
    needed = next((part["labels"] for part in language["scratch"] if part["n_own"] == last["n_own"]), None)
    if not most:
        return ""
    if needed is None:
        return f"From nothing, all {number(most)} labels that are not held out do not get as far."
    if needed <= last["n_own"]:
        return f"From nothing, {number(needed)} labels get as far: this base model does not help here."
    return f"From nothing you would need about {number(_rounded(needed))} for as much."


def _rounded(n: int) -> int:
    """A number of labels with the two digits that mean something."""
    size = 10 ** max(0, len(str(n)) - 2)
    return round(n / size) * size


def _interval(figure: list[float]) -> str:
    value, low, high = (100 * part for part in figure)
    return f"{value:.0f}{THIN}% ({low:.0f} to {high:.0f})"


def describe_choice(cell: Mapping[str, Any], language: str) -> str:
    """By which rows the setting of a cell was chosen, and which it is."""
    n, name = int(cell["n_chosen_on"]), language_name(language)
    if cell["chosen_on"] == "own":
        return f"{cell['chosen']}, chosen on {number(n)} {name} rows"
    if cell["chosen_on"] == "others":
        return f"{cell['chosen']}, chosen on {number(n)} rows of the other languages, for want of {name} ones"
    return f"{cell['chosen']}, nothing to choose by" if cell["chosen"] else "nothing to choose"


def next_labels(language: Mapping[str, Any]) -> int:
    """How many more labels of a language's own to advise: so many that the most that is tried can be drawn of them.

    A part of all labels is held out, so it takes more than those that are missing. At least 20; where there are enough
    already, as many again.
    """
    n_labels, n_pool = int(language["n_labels"]), int(language["n_pool"])
    missing = _MOST_OWN - n_pool
    if missing <= 0:
        return _MOST_OWN
    share = n_pool / n_labels if n_pool else 0.5
    return max(_FEWEST_ADVISED, math.ceil(missing / share))


def gap_table(result: Mapping[str, Any]) -> pd.DataFrame:
    """Every cell of a result as a table.

    Returns:
        Columns language (code), kind, n_own, macro_f1, macro_f1_low, macro_f1_high, accuracy, accuracy_low,
        accuracy_high (in [0, 1]), n_draws, n_test, chosen (in words).
    """
    lines = []
    for language in result["languages"]:
        for cell in language["cells"]:
            figures = {
                f"{name}{end}": cell[name][place]
                for name in ("macro_f1", "accuracy")
                for place, end in enumerate(("", "_low", "_high"))
            }
            known = {name: cell[name] for name in ("kind", "n_own", "n_draws")}
            code = language["language"]
            chosen = describe_choice(cell, code)
            lines.append({"language": code, **known, **figures, "n_test": language["n_test"], "chosen": chosen})
    return pd.DataFrame(lines)


def label_counts(dataset: Dataset) -> dict[str, int]:
    """Labeled rows of each language code, most first, of those with `FEWEST` or more.

    Fewer may be slips of recognition; rows whose language is not known are left out as well.
    """
    counts = pd.Series(row_languages(dataset.labeled)).value_counts()
    return {str(code): int(n) for code, n in counts.items() if code != UNDETERMINED and n >= FEWEST}


def measure_now(dataset: Dataset, base: str, **options: Any) -> dict[str, Any] | None:
    """The transfer gap of a dataset, measured in this process (see `training.transfer_gap.measure`).

    Raises:
        UsageError: as for `start_gap`.
        DataError: if no language has enough labels.
        ModelError: if there is no such base model.
    """
    rows = unseen_rows(base, labeled_rows(dataset))
    from sentiment.models.device import prepare_device
    from sentiment.training.transfer_gap import measure
    from sentiment.training.transfer_gap_rows import gap_rows

    prepare_device()
    return measure(gap_rows(rows, dataset.classes), base, **options)
