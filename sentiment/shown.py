"""Which datasets and runs demo mode shows: all of them, or those that a small file names.

    datasets = ["product reviews", "3fa9c01b22de"]     # names or ids; without this line those of the runs, or all
    runs = ["20261123-101500-a1b2c3"]                  # names or ids; without this line all of the datasets shown

It is `demo.toml` in the workspace, or what SENTIMENT_DEMO names. What it leaves out is, to those who look, not there.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment.errors import AccessError

ENVIRONMENT = "SENTIMENT_DEMO"
FILE_NAME = "demo.toml"


@dataclass(frozen=True)
class Shown:
    """What is shown: names or ids; None stands for all.

    Attributes:
        datasets: of datasets.
        runs: of runs.
    """

    datasets: frozenset[str] | None = None
    runs: frozenset[str] | None = None

    def has_dataset(self, names: tuple[str, ...], runs_of: Callable[[], list[tuple[str, ...]]]) -> bool:
        """Whether a dataset is shown.

        Args:
            names: its id and its name.
            runs_of: gives the ids and names of its runs; only asked where runs decide.
        """
        if self.datasets is not None:
            return not self.datasets.isdisjoint(names)
        return self.runs is None or any(not self.runs.isdisjoint(run) for run in runs_of())

    def has_run(self, names: tuple[str, ...], dataset: tuple[str, ...]) -> bool:
        """Whether a run is shown, which needs its dataset to be: by its own id and name, and its dataset's."""
        if self.datasets is not None and self.datasets.isdisjoint(dataset):
            return False
        return self.runs is None or not self.runs.isdisjoint(names)


def read_shown(workspace: Path) -> Shown:
    """What is shown of a workspace.

    Args:
        workspace: its folder.

    Raises:
        AccessError: if the file cannot be read, or is none of this kind; nothing is shown then.
    """
    named = os.environ.get(ENVIRONMENT)
    path = Path(named) if named else workspace / FILE_NAME
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if named:
            raise _unusable(path, "it is not there") from error
        return Shown()
    except (OSError, ValueError) as error:
        raise _unusable(path, str(error).splitlines()[0][:200]) from error
    if unknown := [name for name in values if name not in ("datasets", "runs")]:
        raise _unusable(path, f"it says {unknown[0]!r}")
    return Shown(_names(path, values, "datasets"), _names(path, values, "runs"))


def _names(path: Path, values: Mapping[str, Any], name: str) -> frozenset[str] | None:
    found = values.get(name)
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _unusable(path, f"{name} is not a list of names or ids")
    return frozenset(found)


def _unusable(path: Path, why: str) -> AccessError:
    return AccessError(
        f"The file {path.name}, which says what this demo shows, cannot be used: {why}",
        expected="Lists of names or ids under datasets and runs",
        todo="Correct it; until then nothing is shown",
    )
