"""The fit of a simple baseline: labeled rows → its model folder in the run folder, and what it predicts."""

import dataclasses
import time

import numpy as np
from numpy.typing import NDArray

from sentiment.models.baselines import LinearModel, Rows, fit_baseline
from sentiment.models.device import describe_cores
from sentiment.models.linear_store import save_linear
from sentiment.numbers import number, percent
from sentiment.training.allowed import imbalance_for
from sentiment.training.config import AUTO, FinetuneConfig
from sentiment.training.held_out import Labeled, about_rows
from sentiment.training.imbalance import ImbalancePlan, draw_epoch, plan_imbalance
from sentiment.training.journal import Journal, Outcome
from sentiment.training.languages import weigh_languages
from sentiment.training.scores import macro_f1

_NO_SPACES = ("zh", "ja", "th", "lo", "km", "my")


def fit_simple(labeled: Labeled, journal: Journal) -> Outcome:
    """Fits the run's baseline in one step, and saves it.

    The training rows alone give the score on the validation rows; the model that is kept learned from both, for
    there is nothing left to choose. Where no test rows were held out, the first one is judged, the second one kept.

    Args:
        labeled: the rows and their split.
        journal: of the run, whose settings are followed.

    Raises:
        ModelError: if the base model whose word vectors are wanted is not there or damaged.
    """
    run, split = journal.run, labeled.split
    rows = about_rows(labeled, setting=run.info.config.languages)
    journal.tell(status="running", phase="Fitting", device=describe_cores(), total_steps=1, total_epochs=1)
    began = time.monotonic()
    both = np.concatenate([split.train, split.validation])
    first, plan = fit_rows(run.info.config, labeled, split.train, language=run.info.language)
    of_validation = first(labeled.texts(split.validation))
    score = macro_f1(labeled.labels[split.validation], of_validation.argmax(axis=1))
    model, _ = fit_rows(run.info.config, labeled, both, language=run.info.language)
    seconds = time.monotonic() - began
    save_linear(run.folder / "model", dataclasses.replace(model, extra=journal.describe_model()))
    chosen = {"imbalance": plan.strategy, "imbalance_reason": plan.reason, "n_features": model.features.n_features}
    journal.tell(phase="Judging the held-out rows", step=1, epoch=1, best_macro_f1=score, settings={**rows, **chosen})
    judged = model if len(split.test) else first
    return Outcome(
        judged(labeled.texts(labeled.held_out)),
        of_validation,
        f"Fitted on {number(len(split.train) + len(split.validation))} rows in {seconds:.1f} seconds, in one step. "
        f"Validation macro-F1: {percent(score)}.",
        learned=both if len(split.test) else split.train,
    )


def compared_baselines(base: str, *, language: str) -> dict[str, str]:
    """The baselines that a run is compared with, by their columns in its predictions; never the run's own base."""
    tfidf = "tfidf-chars" if language in _NO_SPACES else "tfidf-words"
    return {column: name for column, name in {"majority": "majority", "tfidf": tfidf}.items() if name != base}


def predict_compared(
    name: str, config: FinetuneConfig, labeled: Labeled, learned: NDArray[np.int64], *, language: str
) -> NDArray[np.float32]:
    """Probabilities float32[n_held_out, n_classes] of a baseline that the run's model is compared with.

    It gets what the model got: the same rows, and the same done against imbalance among classes and languages; where a
    baseline cannot do that, what is recommended for it.

    Args:
        name: the baseline.
        config: the run's settings.
        labeled: the rows and their split.
        learned: int64[n], positions of the rows that the model learned from.
        language: of the texts.
    """
    imbalance = config.imbalance if config.imbalance in imbalance_for(name) else AUTO
    same = FinetuneConfig(base=name, seed=config.seed, imbalance=imbalance, languages=config.languages)
    model, _ = fit_rows(same, labeled, learned, language=language)
    return model(labeled.texts(labeled.held_out))


def fit_rows(
    config: FinetuneConfig, labeled: Labeled, positions: NDArray[np.int64], *, language: str
) -> tuple[LinearModel, ImbalancePlan]:
    """A baseline by its settings on some rows, and what was done against imbalance among them."""
    labels = labeled.labels[positions]
    plan = _plan(config.base, config.imbalance, labels, n_classes=len(labeled.classes))
    drawn = positions[draw_epoch(plan, labels, rng=np.random.default_rng(config.seed))]
    weights = plan.class_weights[labeled.labels[drawn]]
    by_language = weigh_languages(labeled.languages(positions), labels, setting=config.languages)
    if by_language is not None:
        of_row = dict(zip(positions.tolist(), by_language.tolist(), strict=True))
        weights = weights * np.array([of_row[row] for row in drawn.tolist()], np.float32)
    rows = Rows(labeled.texts(drawn), labeled.labels[drawn], weights)
    model = fit_baseline(
        config.base,
        rows,
        classes=labeled.classes,
        spaces=language not in _NO_SPACES,
        vectors=config.vectors,
    )
    # The bias is not regularised and takes up any prior, so adjusting the loss and adjusting afterwards are the same.
    return dataclasses.replace(model, bias=model.bias + plan.posthoc - plan.log_prior), plan


def _plan(base: str, strategy: str, labels: NDArray[np.int64], *, n_classes: int) -> ImbalancePlan:
    """The plan of a strategy; where the choice is open and falls on one that does not go with the base, of none."""
    plan = plan_imbalance(strategy, labels, n_classes=n_classes)
    if strategy == AUTO and plan.strategy not in imbalance_for(base):
        return plan_imbalance("none", labels, n_classes=n_classes)
    return plan
