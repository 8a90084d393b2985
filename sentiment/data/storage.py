"""A dataset in a folder: rows.parquet and dataset.json, there whole or not at all."""

import dataclasses
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sentiment.data.dataset import Dataset, DatasetInfo
from sentiment.data.label_names import LabelMapping
from sentiment.data.report import ImportReport
from sentiment.data.row_languages import count_languages
from sentiment.data.stored_languages import add_languages, with_counts
from sentiment.errors import DataError
from sentiment.files import read_json, write_json

VERSION = 1
ROWS_FILE = "rows.parquet"
_META = "dataset.json"


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Writes a dataset as a new folder: under another name first, then renamed, so that no reader sees half of it.

    A folder that is there already is left alone: the same id means the same content.

    Raises:
        OSError: if the place cannot be written or the disk is full; nothing is left behind then.
    """
    if (folder / _META).exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.parent / f".importing-{secrets.token_hex(6)}"
    temporary.mkdir()
    try:
        rows = pa.Table.from_pandas(dataset.frame, preserve_index=False)
        pq.write_table(rows, temporary / ROWS_FILE, compression="zstd")
        with open(temporary / ROWS_FILE, "rb+") as file:
            os.fsync(file.fileno())
        write_json(temporary / _META, _to_json(dataset.info))
        os.replace(temporary, folder)
    except OSError:
        if not (folder / _META).exists():  # there by now if another import of the same file was faster
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def load_dataset(folder: Path) -> Dataset:
    """The dataset in a folder that `save_dataset` wrote.

    The rows of one that an older version wrote get their languages now (see `stored_languages`).

    Raises:
        DataError: if the folder is no dataset's, is damaged, or was written by a newer version.
    """
    info = load_dataset_info(folder)
    try:
        frame = pq.read_table(folder / ROWS_FILE).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise _damaged(folder) from error
    if len(frame) != info.n_rows:
        raise _damaged(folder)
    frame = _with_types(frame)
    if "language" not in frame:
        frame = add_languages(frame, folder)
        info = dataclasses.replace(info, language_counts=count_languages(frame["language"]))
    return Dataset(frame=frame, **vars(info))


def load_dataset_info(folder: Path) -> DatasetInfo:
    """Everything but the rows of the dataset in a folder (errors as for `load_dataset`)."""
    try:
        info = _from_json(read_json(folder / _META))
        return info if info.language_counts else with_counts(info, folder)
    except FileNotFoundError as error:
        raise DataError(f"{folder.name} is not the folder of a dataset") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder) from error


def rename_saved(folder: Path, name: str) -> DatasetInfo:
    """The info of a saved dataset under a new name, which is also written."""
    info = dataclasses.replace(load_dataset_info(folder), name=name)
    write_json(folder / _META, _to_json(info))
    return info


def _damaged(folder: Path) -> DataError:
    return DataError(f"The stored dataset {folder.name} is damaged", todo="Delete it and import its file again")


def _with_types(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that hold nothing at all come back from the file without a type."""
    empty = [name for name in frame.columns if name not in ("row", "length") and frame[name].dtype == object]
    return frame.astype(dict.fromkeys(empty, "str"))


def _to_json(info: DatasetInfo) -> dict[str, Any]:
    return {"version": VERSION, **dataclasses.asdict(info)}


def _from_json(values: dict[str, Any]) -> DatasetInfo:
    version = values.pop("version")
    if version > VERSION:
        raise DataError(
            "The dataset was written by a newer version of Sentiment Studio", todo="Update the program, then open it"
        )
    report = dict(values["report"])
    offered = report["mapping_offered"]
    report |= {
        "conflicts": tuple(report["conflicts"]),
        "variants": {name: tuple(variants) for name, variants in report["variants"].items()},
        "mapping_offered": LabelMapping(**offered) if offered else None,
        "ragged_rows": tuple(report["ragged_rows"]),
        "warnings": tuple(report["warnings"]),
    }
    return DatasetInfo(**values | {"classes": tuple(values["classes"]), "report": ImportReport(**report)})
