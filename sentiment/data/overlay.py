"""Labels that people gave, laid over the rows of an imported file; the file's own rows stay as they are."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sentiment.data.dataset import Dataset, DatasetInfo
from sentiment.data.language_changes import correct_languages, load_changes
from sentiment.data.storage import load_dataset
from sentiment.errors import DataError
from sentiment.files import write_atomic
from sentiment.palette import add_colours, order_classes

CHANGES_FILE = "languages.json"  # in the folder of a run: the languages that were corrected before it began
_COLUMNS = ["row", "base", "label", "excluded"]
_NAMES = b"names"


@dataclass(frozen=True, eq=False)
class Overlay:
    """What is different from the imported file.

    Attributes:
        rows: columns row (int64, zero-based row of the file), base (its label in the file), label (its label now),
            excluded (left out of the dataset), ordered by row; only rows in which that makes a difference.
        names: labels of the file that are called otherwise now → what they are called, wherever they occur.
    """

    rows: pd.DataFrame = field(repr=False)
    names: dict[str, str]

    @classmethod
    def of(cls, rows: pd.DataFrame, *, names: Mapping[str, str]) -> "Overlay":
        """The overlay of a table of rows, of which those that change nothing are left out."""
        typed = rows[_COLUMNS].astype({"row": "int64", "base": "str", "label": "str", "excluded": "bool"})
        named = _renamed(typed["base"], names)
        same = (named == typed["label"]) | (named.isna() & typed["label"].isna())
        kept = typed[typed["excluded"] | ~same]
        return cls(kept.sort_values("row", ignore_index=True), dict(sorted(names.items())))

    @classmethod
    def nothing(cls) -> "Overlay":
        """The overlay that changes nothing."""
        return cls.of(pd.DataFrame({name: [] for name in _COLUMNS}), names={})

    def updated(self, rows: pd.DataFrame) -> "Overlay":
        """The overlay after these rows (columns as in `rows`) have changed; names are as before."""
        kept = self.rows[~self.rows["row"].isin(rows["row"])]
        return Overlay.of(pd.concat([kept, rows[_COLUMNS]]), names=self.names)

    @property
    def empty(self) -> bool:
        """Whether nothing is different."""
        return self.rows.empty and not self.names

    def fingerprint(self, base: str) -> str:
        """sha256 of what the dataset with the fingerprint `base` is under this overlay; `base` if it is empty."""
        if self.empty:
            return base
        digest = hashlib.sha256(json.dumps([base, self.names], ensure_ascii=False).encode())
        kept = self.rows[~self.rows["excluded"]]
        digest.update(self.rows.loc[self.rows["excluded"], "row"].to_numpy("<i8").tobytes() + b"|")
        digest.update(kept["row"].to_numpy("<i8").tobytes())
        names, codes = _coded(kept["label"])
        digest.update(json.dumps(names, ensure_ascii=False).encode() + codes)
        return digest.hexdigest()


def relabel_info(info: DatasetInfo, overlay: Overlay) -> DatasetInfo:
    """What the dataset is under an overlay, without reading its rows; id and name stay."""
    if overlay.empty:
        return info
    rows = overlay.rows
    counts: Counter[str] = Counter()
    for label, n in info.class_counts.items():
        counts[overlay.names.get(label, label)] += n
    counts.subtract({str(label): int(n) for label, n in _renamed(rows["base"], overlay.names).value_counts().items()})
    counts.update({str(label): int(n) for label, n in rows.loc[~rows["excluded"], "label"].value_counts().items()})
    class_counts = {name: counts[name] for name in order_classes(name for name, n in counts.items() if n > 0)}
    return replace(
        info,
        classes=tuple(class_counts),
        colours=add_colours(_inherited(info.colours, overlay.names), class_counts),
        fingerprint=overlay.fingerprint(info.fingerprint),
        n_rows=info.n_rows - int(rows["excluded"].sum()),
        n_labeled=sum(class_counts.values()),
        class_counts=class_counts,
    )


def relabel(dataset: Dataset, overlay: Overlay) -> Dataset:
    """The dataset under an overlay: its labels now, without the rows that are excluded; id and name stay.

    Args:
        dataset: as it was imported.
        overlay: see `Overlay`.

    Raises:
        DataError: if the overlay has a row that the dataset does not have, or other labels of the file.
    """
    if overlay.empty:
        return dataset
    rows, frame = overlay.rows, dataset.frame
    places = pd.Index(frame["row"]).get_indexer(pd.Index(rows["row"]))
    if (places < 0).any() or not frame["label"].iloc[places].reset_index(drop=True).equals(rows["base"]):
        raise DataError("The labels do not fit the dataset", expected="Labels that were given to rows of this dataset")
    changed = _renamed(frame["label"], overlay.names).copy()
    changed.iloc[places] = rows["label"].array
    excluded = places[rows["excluded"].to_numpy()]
    joined = frame.assign(label=changed).drop(index=frame.index[excluded]).reset_index(drop=True)
    values = vars(relabel_info(dataset.info, overlay))
    return Dataset(**values, frame=joined)


def save_overlay(overlay: Overlay, path: Path) -> None:
    """Writes an overlay as a Parquet file, whole or not at all.

    Raises:
        OSError: if the place cannot be written.
    """
    table = pa.Table.from_pandas(overlay.rows, preserve_index=False)
    table = table.replace_schema_metadata({_NAMES: json.dumps(overlay.names, ensure_ascii=False).encode()})
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    write_atomic(path, buffer.getvalue().to_pybytes())


def load_overlay(path: Path) -> Overlay:
    """The overlay in a file that `save_overlay` wrote.

    Raises:
        DataError: if it is not there or damaged.
    """
    try:
        table = pq.read_table(path)
        names = json.loads((table.schema.metadata or {})[_NAMES])
        return Overlay.of(table.replace_schema_metadata(None).to_pandas(), names=names)
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise DataError(
            f"The labels in {path.name} cannot be read", todo="Delete the run and start it again"
        ) from error


def load_labeled(folder: Path, labels: Path) -> Dataset:
    """The dataset in a folder under the overlay in the file `labels`, if that is there.

    Languages that were corrected are in the file `CHANGES_FILE` beside it.

    Raises:
        DataError: if one of them is damaged, or they do not belong together.
    """
    dataset = correct_languages(load_dataset(folder), load_changes(labels.parent / CHANGES_FILE))
    return relabel(dataset, load_overlay(labels)) if labels.exists() else dataset


def _renamed(labels: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """Labels of the file as they are called now."""
    return labels.map(lambda label: names.get(label, label), na_action="ignore").astype("str") if names else labels


def _inherited(colours: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """The colours of the file's labels; one that has another name passes its colour on."""
    passed_on = {names[label]: colour for label, colour in colours.items() if label in names}
    return passed_on | {label: colour for label, colour in colours.items() if label not in names}


def _coded(labels: pd.Series) -> tuple[list[str], bytes]:
    """The different labels, sorted, and each row's place among them (-1 for none): the same for the same labels."""
    values = pa.array(labels, pa.large_string(), from_pandas=True)
    names = sorted(pc.unique(values.drop_null()).to_pylist())
    codes = pc.fill_null(pc.index_in(values, pa.array(names, pa.large_string())), -1)
    return names, codes.to_numpy(zero_copy_only=False).astype("<i4").tobytes()
