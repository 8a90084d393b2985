"""The report as a table, for a page and for a download."""

from typing import Any

import pandas as pd

from sentiment.evaluation.metrics import METRICS

_COLUMNS = {"precision": "precision", "recall": "recall", "f1-score": "f1"}


def report_table(report: dict[str, Any]) -> pd.DataFrame:
    """One row per class, then "macro avg", "weighted avg" and "accuracy", of a report made by `evaluate`.

    Columns: class, then precision, recall and f1, each followed by its <name>_low and <name>_high, then support.
    All shares are in [0, 1]. Accuracy is one number: it stands under recall (the share of rows found), the others
    are missing.
    """
    rows = list(report["per_class"])
    for name in ("macro avg", "weighted avg"):
        rows.append({"class": name, **report[name], "intervals": report["intervals"][name]})
    accuracy = {"class": "accuracy", "recall": report["accuracy"], "support": report["n_examples"]}
    rows.append({**accuracy, "intervals": {"recall": report["intervals"]["accuracy"]}})
    return pd.DataFrame([_line(row) for row in rows])


def _line(row: dict[str, Any]) -> dict[str, Any]:
    line: dict[str, Any] = {"class": row["class"]}
    for metric in METRICS:
        low, high = row["intervals"].get(metric, (float("nan"), float("nan")))
        column = _COLUMNS[metric]
        line |= {column: row.get(metric, float("nan")), f"{column}_low": low, f"{column}_high": high}
    return {**line, "support": row["support"]}
