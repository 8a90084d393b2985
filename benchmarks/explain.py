"""Whether explanations are true to the model, and what they cost.

Usage: python -m benchmarks.explain [RUN_DIR ...] [--rows 150] [--json FILE]

Without run folders, the shipped samples are fine-tuned on first, with the defaults and seed 0. From each run, held-out
rows of 8 to 80 words are drawn. The words that a method ranks highest for the predicted class are deleted, a tenth to
half of them, and the table says how far the probability of the class falls on average: more is better. Prints Markdown.
"""

import argparse
import contextlib
import datetime
import io
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.transfer import describe_machine
from sentiment.evaluation.explanation import occlude
from sentiment.evaluation.explanation_faithfulness import deletion_area, deletion_curve
from sentiment.evaluation.explanation_words import find_words, sum_by_span, without
from sentiment.explaining import explain_text, prepare
from sentiment.models.attribution import STEPS, attribute
from sentiment.models.device import prepare_device
from sentiment.models.predictor import Predictor, load_predictor
from sentiment.samples import list_samples
from sentiment.training.runs import Run

RUNS = (
    ("product-reviews", "en-cnn-reviews"),
    ("product-reviews", "en-rnn-reviews"),
    ("product-reviews", "tfidf-words"),
    ("brand-tweets", "en-cnn-reviews"),
    ("chinese-reviews", "scratch-cnn"),
)
LEAST, MOST = 8, 80  # words of a text
ORDERS = 5  # random orders of a text's words
SAMPLES = 200  # texts with words left out that a local model is fitted on (LIME)
Spans = list[tuple[int, int]]
Method = Callable[[str, Spans, int], NDArray[np.float64]]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN_DIR")
    parser.add_argument("--rows", type=int, default=150)
    parser.add_argument("--json", type=Path, metavar="FILE", help="Write every single result there.")
    arguments = parser.parse_args()
    prepare_device()
    print(f"{datetime.date.today()}, {describe_machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        runs = arguments.runs or [_train(Path(folder), *each) for each in RUNS]
        results = [measure(run, n_rows=arguments.rows) for run in runs]
    _print_areas(results)
    _print_sums(results)
    _print_times(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


def _train(folder: Path, sample: str, base: str) -> Path:
    from sentiment.cli import main as command

    known = next(found for found in list_samples() if found.name == sample)
    out = folder / f"{sample}-{base}"
    group = ["--group", known.group] if known.group else []
    arguments = ["finetune", str(known.path), "--text", str(known.text), "--label", str(known.label), *group]
    with contextlib.redirect_stdout(io.StringIO()):
        if command([*arguments, "--base", base, "--out", str(out)]):
            sys.exit(f"{sample} could not be fine-tuned on")
    return out


def measure(folder: Path, *, n_rows: int) -> dict:
    """The areas over the deletion curves of every method on rows of one run, and the cost of an explanation."""
    run, model = Run(folder), load_predictor(folder)
    rows = run.predictions()
    assert rows is not None
    texts = [text for text in rows["text"] if LEAST <= len(find_words(text)) <= MOST]
    drawn = np.sort(np.random.default_rng(0).permutation(len(texts))[:n_rows])
    texts = [texts[row] for row in drawn.tolist()]
    began = time.perf_counter()
    prepare(model)
    explain_text(model, texts[0])
    first = time.perf_counter() - began
    areas: dict[str, list[float]] = {}
    for text in texts:
        target = int(model([text])[0].argmax())
        explained = explain_text(model, text, target=model.classes[target])
        spans = [(word.start, word.end) for word in explained.words]
        own = np.array([word.score for word in explained.words])
        methods = {f"ours: {explained.method}": lambda *_, own=own: own, **_others(model)}
        for name, method in methods.items():
            curve = deletion_curve(model, text, spans, method(text, spans, target), target=target)
            areas.setdefault(name, []).append(deletion_area(curve))
        random = [np.random.default_rng(seed).random(len(spans)) for seed in range(ORDERS)]
        curves = [deletion_curve(model, text, spans, order, target=target) for order in random]
        areas.setdefault("random words", []).append(float(np.mean([deletion_area(curve) for curve in curves])))
    return {
        "run": f"{run.info.dataset.name}, {run.info.config.base}",
        "areas": areas,
        "first": first,
        "milliseconds": _time(model, texts),
        "misses": _misses(model, texts) if isinstance(model, Predictor) else {},
    }


def _others(model) -> dict[str, Method]:
    """The methods that ours is measured against."""
    found: dict[str, Method] = {
        "occlusion": lambda text, spans, target: occlude(model, text, spans, target),
        f"local linear model, {SAMPLES} samples": lambda text, spans, target: _local(model, text, spans, target),
    }
    if isinstance(model, Predictor):
        found["gradient × input"] = _gradient_times_input(model)
    return found


def _gradient_times_input(model: Predictor) -> Method:
    """The gradient at the text itself, as one point of the line from the blank to it."""

    def method(text: str, spans: Spans, target: int) -> NDArray[np.float64]:
        (found,) = attribute(model, [text], [target], steps=1, last=True)
        return sum_by_span(spans, found.spans, found.scores)

    return method


def _local(model, text: str, spans: Spans, target: int) -> NDArray[np.float64]:
    """The weights of a ridge regression on texts with words left out, near ones counting more (Ribeiro et al. 2016)."""
    rng = np.random.default_rng(0)
    kept = rng.random((SAMPLES, len(spans))) > rng.random((SAMPLES, 1)) * 0.9
    kept[0] = True
    cut = [without(text, [span for span, stays in zip(spans, row, strict=True) if not stays]) for row in kept]
    probs = model(cut)[:, target].astype(np.float64)
    distance = 1 - np.sqrt(kept.mean(axis=1))
    weights = np.exp(-(distance**2) / 0.25**2)
    centred = kept - np.average(kept, axis=0, weights=weights)
    answers = probs - np.average(probs, weights=weights)
    gram = centred.T @ (weights[:, None] * centred) + np.eye(len(spans))
    return np.linalg.solve(gram, centred.T @ (weights * answers))


def _misses(model: Predictor, texts: list[str]) -> dict[str, tuple[float, float]]:
    """By steps: by how much the parts miss the whole, as a share of it over all texts, and the most in log-odds."""
    found = {}
    for steps in (8, 16, 32, 64):
        scores = attribute(model, texts, [-1] * len(texts), steps=steps)
        whole = np.array([one.reached - one.blank for one in scores])
        missed = np.abs(whole - np.array([one.scores.sum() for one in scores]))
        found[str(steps)] = (float(missed.sum() / np.abs(whole).sum()), float(missed.max()))
    return found


def _time(model, texts: list[str]) -> dict[str, float]:
    """Milliseconds of an explanation: the median and the slowest of all texts, and the median of a very long one."""
    seconds = []
    for text in texts:
        began = time.perf_counter()
        explain_text(model, text)
        seconds.append(time.perf_counter() - began)
    long = " ".join(texts)[:2_000]
    explain_text(model, long)
    longest = []
    for _ in range(10):
        began = time.perf_counter()
        explain_text(model, long)
        longest.append(time.perf_counter() - began)
    return {
        "median": 1000 * float(np.median(seconds)),
        "slowest": 1000 * max(seconds),
        "2,000 characters": 1000 * float(np.median(longest)),
    }


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    drawn = np.random.default_rng(0).integers(0, len(values), (5_000, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _print_areas(results: list[dict]) -> None:
    for found in results:
        random = np.array(found["areas"]["random words"])
        print(f"\n{found['run']}: {len(random)} held-out rows\n")
        print("| words deleted by | the probability falls by, points | more than by random words | 95 % interval |")
        print("|---|---:|---:|---:|")
        for name, areas in sorted(found["areas"].items(), key=lambda pair: -np.mean(pair[1])):
            values = np.array(areas)
            line = f"| {name} | {100 * values.mean():.1f} |"
            if name != "random words":
                low, high = _interval(values - random)
                line += f" {100 * (values - random).mean():+.1f} | {100 * low:.1f} to {100 * high:.1f} |"
            else:
                line += " | |"
            print(line, flush=True)


def _print_sums(results: list[dict]) -> None:
    print("\nBy how much the words' parts miss the whole: share of it, and the most on any row in log-odds\n")
    print("| run | 8 steps | 16 | 32 | 64 |\n|---|---:|---:|---:|---:|")
    for found in results:
        if found["misses"]:
            cells = [f"{100 * share:.1f} %, {most:.2f}" for share, most in found["misses"].values()]
            print(f"| {found['run']} | {' | '.join(cells)} |")
    print(f"\n{STEPS} steps are taken; a simple model's parts are exact.")


def _print_times(results: list[dict]) -> None:
    print("\n| run | first, seconds | median, ms | slowest, ms | 2,000 characters, ms |\n|---|---:|---:|---:|---:|")
    for found in results:
        cells = " | ".join(f"{value:.0f}" for value in found["milliseconds"].values())
        print(f"| {found['run']} | {found['first']:.1f} | {cells} |")


if __name__ == "__main__":
    main()
