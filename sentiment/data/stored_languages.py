"""The languages of the rows of a dataset that was stored before rows had any: found once, and kept beside it."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sentiment.access import is_demo
from sentiment.data.dataset import DatasetInfo
from sentiment.data.row_languages import count_languages, identify_languages
from sentiment.files import write_atomic

LANGUAGES_FILE = "languages.parquet"
_COUNTS = b"counts"


def add_languages(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The rows of a stored dataset with their languages, which are looked up, or found and kept if the folder allows.

    Nothing that was stored is changed; in demo mode nothing is kept.
    """
    kept = _read(folder, n_rows=len(frame))
    languages = identify_languages(frame["text"]) if kept is None else kept
    if kept is None and not is_demo():
        _keep(languages, folder)
    place = frame.columns.get_loc("length")
    assert isinstance(place, int)
    added = frame.copy(deep=False)
    added.insert(place + 1, "language", languages.to_numpy())
    return added.astype({"language": "str"})


def with_counts(info: DatasetInfo, folder: Path) -> DatasetInfo:
    """The info with its languages counted, if that was done before."""
    try:
        metadata = pq.read_schema(folder / LANGUAGES_FILE).metadata or {}
        return replace(info, language_counts={str(code): int(n) for code, n in json.loads(metadata[_COUNTS]).items()})
    except (OSError, pa.ArrowException, KeyError, ValueError, AttributeError):
        return info


def _read(folder: Path, *, n_rows: int) -> "pd.Series[str] | None":
    try:
        languages = pq.read_table(folder / LANGUAGES_FILE)["language"].to_pandas().astype("str")
    except (OSError, pa.ArrowException, KeyError):
        return None
    return languages if len(languages) == n_rows and not languages.isna().any() else None


def _keep(languages: "pd.Series[str]", folder: Path) -> None:
    table = pa.table({"language": pa.array(languages, pa.large_string())})
    table = table.replace_schema_metadata({_COUNTS: json.dumps(count_languages(languages)).encode()})
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    try:
        write_atomic(folder / LANGUAGES_FILE, buffer.getvalue().to_pybytes())
    except OSError:
        return  # a folder that may only be read: they are found again the next time
