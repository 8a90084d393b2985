"""A dataset: the checked rows of one file, never changed again, known by their content."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sentiment.data.balance import measure_lengths
from sentiment.data.columns import propose_columns
from sentiment.data.label_names import apply_mapping
from sentiment.data.language import length_unit, main_language
from sentiment.data.language_column import RowLanguages, read_languages
from sentiment.data.reading import Table, read_table
from sentiment.data.report import ImportReport, report_import
from sentiment.data.row_languages import count_languages
from sentiment.errors import DataError
from sentiment.numbers import number
from sentiment.palette import assign_colours, order_classes

MAX_LABELS = 1_000
MAX_LABEL_CHARS = 200
FILE_PREFIX = "file:"  # before the names of the file's other columns, so that none hides one of ours
_BLANK = r"^[\p{Z}\p{Cc}\p{Cf}]*$"


@dataclass(frozen=True, kw_only=True, eq=False)
class DatasetInfo:
    """What a dataset is, without its rows.

    Attributes:
        id: 12 hexadecimal digits of its content: the same rows, labels and columns have the same id.
        name: what people call it.
        classes: the labels that occur, in reading order.
        colours: a colour per class.
        language: ISO 639-1 code of the language that most rows are in, or "und".
        text_column, label_column, group_column: the columns of the file that the roles were given to.
        source: the name of the file.
        created: when it was imported, ISO 8601 in UTC.
        file_hash: sha256 of the file.
        fingerprint: sha256 of row numbers, texts, labels and groups.
        report: what importing found.
        n_rows, n_labeled: rows, and rows with a label.
        class_counts: rows per class.
        language_counts: rows per language, those included that somebody left out since; empty for a dataset of an
            older version until its rows are read.
        language_column: the column of the file that said the language of each row; None where the texts did.
    """

    id: str
    name: str
    classes: tuple[str, ...]
    colours: dict[str, str]
    language: str
    text_column: str
    label_column: str | None
    group_column: str | None
    source: str
    created: str
    file_hash: str
    fingerprint: str
    report: ImportReport
    n_rows: int
    n_labeled: int
    class_counts: dict[str, int]
    language_counts: dict[str, int] = field(default_factory=dict)
    language_column: str | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset(DatasetInfo):
    """A dataset with its rows.

    Attributes:
        frame: columns row (int64, zero-based row in the file), text, label and group (strings; label and group may be
            missing), length (int32, in words, or characters where the language has no spaces), language (ISO 639-1
            code, "und" where there is too little text to tell), then each other column of the file as "file:<name>".
    """

    frame: pd.DataFrame = field(repr=False)

    @property
    def labeled(self) -> pd.DataFrame:
        """The rows that have a label."""
        return self.frame[self.frame["label"].notna()]

    @property
    def info(self) -> DatasetInfo:
        """Everything but the rows."""
        return DatasetInfo(**{f.name: getattr(self, f.name) for f in fields(DatasetInfo)})


def build_dataset(
    table: Table,
    *,
    text: str,
    label: str | None = None,
    group: str | None = None,
    language: str | None = None,
    mapping: Mapping[str, str] | None = None,
    name: str | None = None,
) -> Dataset:
    """A dataset from a table and the columns that play the parts.

    Rows without text are counted in the report and left out; texts, labels and groups stay as they are.

    Args:
        table: the file as it was read.
        text: the column with the texts.
        label: the column with the labels.
        group: the column that says which rows belong together.
        language: the column that says the language of each row (see `language_column.read_languages`); without one,
            and where it says nothing, the language is identified by the text.
        mapping: labels to rename (to merge spellings, or to turn stars into sentiments); "" takes a label away.
        name: what people will call it; the file's name without its ending by default.

    Raises:
        DataError: for a column that is not there, a table without rows or without any text, and for labels that are
            none (more than 1,000 different ones, or one longer than 200 characters).
    """
    _check_columns(table, {"text": text, "label": label, "group": group, "language": language})
    kept = _rows_with_text(table, text)
    raw = table.frame[label].iloc[kept] if label is not None else None
    labels = _labels(raw, mapping, kept=kept)
    languages = read_languages(_part(table, kept, text), _part(table, kept, language) if language else None)
    frame = _frame(table, kept, text=text, label=label, group=group, labels=labels, languages=languages)
    counts, language_counts = _count_labels(labels), count_languages(languages.codes)
    report = report_import(table, frame, raw)
    return Dataset(
        **_identify(frame, roles=(text, label, group, language) if language else (text, label, group)),
        name=name or PurePath(table.name).stem,
        frame=frame,
        classes=tuple(counts),
        colours=assign_colours(counts),
        language=main_language(language_counts),
        text_column=text,
        label_column=label,
        group_column=group,
        source=table.name,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        file_hash=table.file_hash,
        report=replace(report, warnings=report.warnings + languages.warnings),
        n_rows=len(frame),
        n_labeled=sum(counts.values()),
        class_counts=counts,
        language_counts=language_counts,
        language_column=language,
    )


def import_file(
    path: Path | str,
    *,
    text: str | None = None,
    label: str | None = None,
    group: str | None = None,
    language: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Dataset:
    """A dataset read from a file.

    Args:
        path: a CSV, TSV, XLSX, JSONL or Parquet file.
        text: the column with the texts; with None, all columns that are not given are taken as `propose_columns` says.
        label: the column with the labels.
        group: the column that says which rows belong together.
        language: the column that says the language of each row; it is only used where it is named.
        mapping: as for `build_dataset`.

    Raises:
        DataError: for a file that cannot be read, a column that is not there, or no column of texts.
    """
    table = read_table(Path(path), name=Path(path).name)
    if text is None:
        proposal = propose_columns(table.frame)
        if proposal.text is None:
            raise DataError(
                f"{table.name} has no column of texts",
                expected=f"One of its columns holds texts; it has {_names(table)}",
                todo="Name the column, or check how the file is read",
            )
        text = proposal.text
        label = label if label is not None or proposal.label == text else proposal.label
        group = group if group is not None or proposal.group in (text, label) else proposal.group
    return build_dataset(table, text=text, label=label, group=group, language=language, mapping=mapping)


def _check_columns(table: Table, roles: dict[str, str | None]) -> None:
    for role, column in roles.items():
        if column is not None and column not in table.frame.columns:
            raise DataError(
                f"{table.name} has no column “{column}”",
                expected=f"Its columns are {_names(table)}",
                todo=f"Name the {role} column",
            )


def _names(table: Table) -> str:
    names = [f"“{name}”" for name in table.frame.columns]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _rows_with_text(table: Table, text: str) -> NDArray[np.int64]:
    if table.frame.empty:
        raise DataError(
            f"{table.name} has 0 rows", expected="Rows of data below the column names", todo="Check the file"
        )
    values = pc.fill_null(pa.array(table.frame[text], pa.large_string(), from_pandas=True), "")
    kept = np.flatnonzero(~np.asarray(pc.match_substring_regex(values, _BLANK)))
    if not len(kept):
        raise DataError(
            f"The column “{text}” of {table.name} has no text in any of its {number(len(table.frame))} rows",
            expected="Texts",
            todo="Choose another column",
        )
    return kept


def _labels(raw: pd.Series | None, mapping: Mapping[str, str] | None, *, kept: NDArray[np.int64]) -> pd.Series:
    if raw is None:
        return pd.Series([None] * len(kept), dtype="str")
    labels = apply_mapping(raw.reset_index(drop=True), dict(mapping) if mapping else None)
    _check_labels(labels, kept, column=str(raw.name))
    return labels


def _check_labels(labels: pd.Series, kept: NDArray[np.int64], *, column: str) -> None:
    todo = "Choose another label column, or import without labels"
    longest = labels.str.len().fillna(0)
    if longest.max() > MAX_LABEL_CHARS:
        row = int(kept[int(longest.argmax())])
        raise DataError(
            f"The label in row {number(row + 1)}, column “{column}”, has {number(int(longest.max()))} characters",
            expected=f"At most {MAX_LABEL_CHARS}; the column looks like texts",
            todo=todo,
        )
    n_different = labels.nunique()
    if n_different > MAX_LABELS:
        raise DataError(
            f"The column “{column}” has {number(n_different)} different values",
            expected=f"At most {number(MAX_LABELS)} different labels; the column looks like texts or identifiers",
            todo=todo,
        )


def _count_labels(labels: pd.Series) -> dict[str, int]:
    """Rows per class, in reading order."""
    counts = {str(name): int(count) for name, count in labels.value_counts().items()}
    return {name: counts[name] for name in order_classes(counts)}


def _part(table: Table, kept: NDArray[np.int64], column: str) -> pd.Series:
    """The cells of a column in the rows that are kept."""
    return table.frame[column].iloc[kept].reset_index(drop=True)


def _frame(
    table: Table,
    kept: NDArray[np.int64],
    *,
    text: str,
    label: str | None,
    group: str | None,
    labels: pd.Series,
    languages: RowLanguages,
) -> pd.DataFrame:
    """The rows of the dataset."""
    chosen = table.frame if len(kept) == len(table.frame) else table.frame.iloc[kept]
    source = chosen.reset_index(drop=True)
    groups = pd.Series([None] * len(kept), dtype="str")
    if group is not None:
        groups = source[group].where(source[group].isna() | (source[group].str.strip() != ""))
    columns = {"row": kept.astype(np.int64), "text": source[text], "label": labels, "group": groups}
    others = [column for column in source.columns if column not in (text, label, group)]
    unit = length_unit(main_language(count_languages(languages.codes)))
    columns |= {"length": measure_lengths(source[text], unit=unit), "language": languages.codes}
    return pd.DataFrame(columns | {FILE_PREFIX + column: source[column] for column in others})


def _identify(frame: pd.DataFrame, *, roles: tuple[str | None, ...]) -> dict[str, str]:
    """The fingerprint (what a model learns from), and the id (that, the other columns, and the columns' roles)."""
    fingerprint = _fingerprint(frame, ["row", "text", "label", "group"])
    rest = _fingerprint(frame, [column for column in frame.columns if column.startswith(FILE_PREFIX)])
    whole = hashlib.sha256(f"{fingerprint} {rest} {roles}".encode()).hexdigest()
    return {"id": whole[:12], "fingerprint": fingerprint}


def _fingerprint(frame: pd.DataFrame, columns: list[str]) -> str:
    """sha256 over names and values: the same for the same content, however it lies in memory."""
    digest = hashlib.sha256()
    for name in columns:
        digest.update(name.encode() + b"\0")
        if frame[name].dtype.kind in "iu":
            digest.update(frame[name].to_numpy(dtype="<i8").tobytes())
            continue
        for start in range(0, len(frame), 100_000):
            block = pa.array(frame[name].iloc[start : start + 100_000], pa.large_string(), from_pandas=True)
            lengths = pc.fill_null(pc.binary_length(block), -1)  # -1: missing is not the empty string
            digest.update(np.asarray(lengths).astype("<i8").tobytes())
            digest.update("".join(pc.fill_null(block, "").to_pylist()).encode())
    return digest.hexdigest()
