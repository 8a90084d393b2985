"""How good a model is on held-out rows: metrics with intervals, comparison, and the verdict in words."""

from sentiment.evaluation.compare_many import Comparison, compare_many
from sentiment.evaluation.comparison import compare
from sentiment.evaluation.metrics import TOO_FEW, evaluate, rows_behind
from sentiment.evaluation.table import report_table
from sentiment.evaluation.verdict import verdict

__all__ = [
    "TOO_FEW",
    "Comparison",
    "compare",
    "compare_many",
    "evaluate",
    "report_table",
    "rows_behind",
    "verdict",
]
