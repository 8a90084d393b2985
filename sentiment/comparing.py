"""Finished runs side by side, on the rows that all of them were judged on."""

from collections.abc import Mapping

import pandas as pd

from sentiment.errors import RunError, UsageError
from sentiment.evaluation.compare_many import Comparison, compare_many
from sentiment.training.runs import Run


def compare_runs(runs: Mapping[str, Run]) -> Comparison:
    """How runs compare with the first of them.

    Args:
        runs: by the name to call each by; two at least.

    Raises:
        UsageError: if there are fewer than two.
        RunError: if a run has no predictions yet, or was judged on other rows than the first.
    """
    if len(runs) < 2:
        raise UsageError("There is nothing to compare", expected="Two runs or more")
    against = next(iter(runs))
    tables = {name: _judged(name, run) for name, run in runs.items()}
    first = tables[against]
    for name, table in tables.items():
        if not table[["row", "label", "text"]].equals(first[["row", "label", "text"]]):
            raise RunError(
                f"{name!r} was judged on other rows than {against!r}",
                expected="Runs on the same data with the same seed, held-out share and groups",
                todo="Train them again with the same settings for the split",
            )
    grouped = len(first) > 0 and first["group"].notna().all()
    return compare_many(
        first["label"].tolist(),
        {name: table["model:prediction"].tolist() for name, table in tables.items()},
        classes=runs[against].info.classes,
        against=against,
        groups=first["group"].tolist() if grouped else None,
    )


def _judged(name: str, run: Run) -> pd.DataFrame:
    """The held-out rows of a run with what its model says of them, in the order of the file."""
    table = run.predictions()
    if table is None or "model:prediction" not in table:
        raise RunError(f"{name!r} has no predictions yet", todo="Wait until it has finished, or resume it")
    return table[table["label"].notna()].sort_values("row", kind="stable", ignore_index=True)
