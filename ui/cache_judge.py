"""What the Evaluate page remembers between redraws: curves, calibration, slices, the surest rows.

Keyed by the file of predictions and when it was written, as `ui.cache.judgement` is; every cache is bounded.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from sentiment.errors import SentimentError
from sentiment.evaluation.calibration import Calibration, apply_temperature, measure_calibration
from sentiment.evaluation.curves import Curves, trace_curves
from sentiment.evaluation.means import group_numbers
from sentiment.evaluation.metrics import TOO_FEW
from sentiment.evaluation.thresholds import UNDECIDED, RiskCoverage, Rule, risk_coverage
from sentiment.judging import Judgement, codes_of, groups_of, probs_of
from sentiment.slicing import Slices, slice_rows, sliceable
from sentiment.training.runs import Run
from ui import cache


@dataclass(frozen=True, eq=False)
class Held:
    """Rows with the model's probabilities, ready to be computed with.

    Attributes:
        probs: float64[n, n_classes].
        labels: int64[n], −1 for a label that the model does not know.
        groups: int64[n], or None where every row is alone.
    """

    probs: NDArray[np.float64]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64] | None

    @property
    def n(self) -> int:
        """The number of rows."""
        return len(self.labels)


def _key(run: Run) -> tuple[str, int]:
    path = run.folder / "predictions.parquet"
    return str(path), path.stat().st_mtime_ns


def _judgement(run: Run) -> Judgement:
    found = cache.judgement(run)
    assert found is not None  # the page has looked already
    return found


def held_out(run: Run) -> Held:
    """The rows that a run is judged on."""
    return _held_out(_key(run), run)


@st.cache_resource(max_entries=8, show_spinner=False)
def _held_out(key: tuple[str, int], _run: Run) -> Held:
    judgement = _judgement(_run)
    return _held(judgement.rows, judgement.classes)


def _held(rows: pd.DataFrame, classes: tuple[str, ...]) -> Held:
    return Held(probs_of(rows, classes), codes_of(rows, classes), group_numbers(groups_of(rows), len(rows)))


def validation(run: Run) -> Held | None:
    """The rows that thresholds are chosen on; None where a run kept too few of them."""
    return _validation(_key(run), run)


@st.cache_resource(max_entries=8, show_spinner=False)
def _validation(key: tuple[str, int], _run: Run) -> Held | None:
    judgement = _judgement(_run)
    if judgement.validation is None or len(judgement.validation) < TOO_FEW:
        return None
    return _held(judgement.validation, judgement.classes)


def curves(run: Run, model: str) -> Mapping[str, Curves]:
    """The curves of each class."""
    return _curves(_key(run), model, run)


@st.cache_resource(max_entries=12, show_spinner="Tracing the curves")
def _curves(key: tuple[str, int], model: str, _run: Run) -> Mapping[str, Curves]:
    judgement, held = _judgement(_run), held_out(_run)
    probs = judgement.probs(model)
    return {
        name: trace_curves(probs[:, place], held.labels == place, groups=held.groups)
        for place, name in enumerate(judgement.classes)
    }


def calibration(run: Run, target: int | None) -> tuple[Calibration | None, Calibration]:
    """The calibration before and after the temperature; the first is None for a run that has none."""
    return _calibration(_key(run), target, run)


@st.cache_resource(max_entries=24, show_spinner="Holding probabilities against the truth")
def _calibration(key: tuple[str, int], target: int | None, _run: Run) -> tuple[Calibration | None, Calibration]:
    judgement, held = _judgement(_run), held_out(_run)
    after = measure_calibration(held.probs, held.labels, target=target, groups=held.groups)
    if judgement.temperature is None:
        return None, after
    raw = apply_temperature(held.probs, 1 / judgement.temperature)
    return measure_calibration(raw, held.labels, target=target, groups=held.groups), after


def surest(run: Run, rule: Rule) -> RiskCoverage:
    """The accuracy of the surest rows, among those that no class with a threshold of its own takes."""
    return _surest(_key(run), tuple(sorted(rule.thresholds.items())), run)


@st.cache_resource(max_entries=24, show_spinner=False)
def _surest(key: tuple[str, int], thresholds: tuple[tuple[str, float], ...], _run: Run) -> RiskCoverage:
    judgement, held = _judgement(_run), held_out(_run)
    said = Rule(dict(thresholds)).decide(held.probs, judgement.classes)
    own = [place for place, name in enumerate(judgement.classes) if name in dict(thresholds)]
    rest = ~np.isin(said, [*own, UNDECIDED])
    confidence = held.probs[np.arange(held.n), said]
    groups = None if held.groups is None else held.groups[rest]
    return risk_coverage(confidence[rest], (said == held.labels)[rest], groups=groups, fewest=TOO_FEW)


def slices(run: Run) -> Slices:
    """The held-out rows in slices, each judged against the rest."""
    return _slices(_key(run), cache.workspace().languages.version(run.info.dataset.id), run)


@st.cache_resource(max_entries=4, show_spinner="Looking for slices that the model is worse on")
def _slices(key: tuple[str, int], languages: int, _run: Run) -> Slices:
    judgement = _judgement(_run)
    frame: Any = None
    with suppress(SentimentError):  # a dataset that was deleted: its columns cannot be sliced by
        frame = sliceable(cache.dataset(_run.info.dataset.id))
    return slice_rows(judgement.rows, frame, language=_run.info.language, classes=judgement.classes)
