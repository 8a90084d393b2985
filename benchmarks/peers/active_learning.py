"""Query strategies of scikit-activeml on vectors and probabilities that it is given, in an environment of its own.

    .venv-bench/bin/python benchmarks/peers/active_learning.py < requests > answers

A request is a line of JSON: strategy, vectors and probs (paths of .npy files), labeled and labels (rows and their
classes), n and seed; an answer is a line of JSON with the rows. Needs requirements-bench.txt; nothing of the product.
"""

import json
import sys
from functools import cache
from typing import Any

import numpy as np
from skactiveml.base import SkactivemlClassifier
from skactiveml.pool import Badge, Falcun, SubSamplingWrapper, UncertaintySampling

_STEP = 1e-9  # so little per row that no distance between vectors notices it
_COMPARE_VECTORS = ("badge",)
_CANDIDATES = 1_000  # of which BADGE chooses: of all rows it would take a second for each


class Given(SkactivemlClassifier):
    """A classifier that says of each row what it was given: the head is the same for everybody.

    Strategies hand over vectors and not rows, so the last number of each vector is its row.
    """

    def __init__(self, probs: Any = None, classes: Any = None, missing_label: Any = np.nan) -> None:
        super().__init__(classes=classes, missing_label=missing_label)
        self.probs = probs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "Given":
        """Nothing to learn."""
        self.classes_ = np.asarray(self.classes)
        return self

    def predict_proba(self, X: Any) -> Any:
        """What it was given of these rows, float[n, n_classes]."""
        return self.probs[np.rint(X[:, -1] / _STEP).astype(int)]


@cache
def read_vectors(path: str) -> Any:
    """The vectors of all rows, float64[n, hidden + 1]."""
    vectors = np.load(path)
    rows = _STEP * np.arange(len(vectors))
    return np.concatenate([vectors, rows[:, None]], axis=1)


def strategy(name: str, seed: int) -> Any:
    """A strategy with its defaults."""
    return {
        "margin": lambda: UncertaintySampling(method="margin_sampling", random_state=seed),
        "entropy": lambda: UncertaintySampling(method="entropy", random_state=seed),
        "badge": lambda: SubSamplingWrapper(
            Badge(random_state=seed), max_candidates=_CANDIDATES, exclude_non_subsample=True, random_state=seed
        ),
        "falcun": lambda: Falcun(random_state=seed),
    }[name]()


def query(request: dict[str, Any]) -> list[int]:
    """The rows that a strategy asks for."""
    vectors, probs = read_vectors(request["vectors"]), np.load(request["probs"])
    if request["strategy"] not in _COMPARE_VECTORS:
        vectors = vectors[:, -1:]  # what is not looked at need not be checked and copied
    y = np.full(len(vectors), np.nan)
    y[request["labeled"]] = request["labels"]
    model = Given(probs, classes=list(range(probs.shape[1]))).fit(vectors, y)
    chosen = strategy(request["strategy"], request["seed"])
    rows = chosen.query(X=vectors, y=y, clf=model, fit_clf=False, batch_size=request["n"])
    return [int(row) for row in rows]


def main() -> None:
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints must not get between the answers
    for line in sys.stdin:
        print(json.dumps({"rows": query(json.loads(line))}), file=answers, flush=True)


if __name__ == "__main__":
    main()
