"""What labels in one language teach about another, and whether balancing across languages helps.

Usage: python -m benchmarks.transfer_gap gap BASE [BASE ...] [--draws 5] [--out FILE]
       python -m benchmarks.transfer_gap balance BASE [BASE ...] [--seeds 5] [--out FILE]

       python -m benchmarks.transfer_gap balance BASE --further 8000

Both take English product reviews (positive and negative sentences) and Chinese reviews, no two nearly the same; the
Chinese rows are of the part of the corpus that no base model learns from. `gap` measures the product's transfer gap on
them. `balance` fine-tunes on the English labels with 50, 200 and 1,000 Chinese ones beside them, as they are, balanced
as the product does it (the square root of each language's labels), and with each language counting the same, and
judges each on both languages' held-out rows. `--further` adds so many English sentences on films and politics to what
is learned from. BASE may also be multilingual-e5-small, whose frozen vectors stand for a space that languages really
share; it needs what pretraining needs. Prints Markdown tables; `--out` adds everything as JSON.
"""

import argparse
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.transfer import describe_machine
from sentiment.data.language import WITHOUT_SPACES
from sentiment.files import write_json
from sentiment.models.baselines import Rows, fit_baseline
from sentiment.models.registry import BASELINES, SCRATCH
from sentiment.training.config import BALANCED
from sentiment.training.corpora import SENTIMENT, corpora_folder, read_corpus
from sentiment.training.languages import TEMPER, weigh_languages
from sentiment.training.scores import macro_f1
from sentiment.training.transfer_gap import measure
from sentiment.training.transfer_gap_rows import GapRows, Positions, draw_labels, find_targets, gap_rows
from sentiment.transfer_gap import describe_choice, gap_table

CLASSES = ("negative", "positive")
E5 = "multilingual-e5-small"
FURTHER = "further"  # as a language: English rows that are only learned from
MOST_CHINESE = 2_600
CHINESE_LABELS = (50, 200, 1_000)
TEMPERS = {"as they are": 1.0, "balanced": TEMPER, "each the same": 0.0}


def load_rows() -> pd.DataFrame:
    """The English and the Chinese rows: columns row, text, label, group, language."""
    english = pd.read_csv(corpora_folder() / "amazon_reviews.csv")
    english = english[english["label"] != "neutral"]
    corpus = read_corpus("zh-reviews")
    places = corpus.rows("test")[:MOST_CHINESE]
    parts = (
        pd.DataFrame(
            {
                "text": english["text"],
                "label": english["label"],
                "group": english["review"].astype(str),
                "language": "en",
            }
        ),
        pd.DataFrame(
            {
                "text": corpus.texts[places],
                "label": [SENTIMENT[label] for label in corpus.labels[places]],
                "group": None,
                "language": "zh",
            }
        ),
    )
    return pd.concat(parts, ignore_index=True).rename_axis("row").reset_index()


def further_rows(n: int) -> pd.DataFrame:
    """So many English sentences on films and politics, as `load_rows` has them, but for their language."""
    parts = []
    for name in ("films", "news"):
        corpus = read_corpus(name)
        places = corpus.rows("train")
        parts.append(
            pd.DataFrame({"text": corpus.texts[places], "label": [SENTIMENT[c] for c in corpus.labels[places]]})
        )
    found = pd.concat(parts, ignore_index=True)
    found = found[found["label"].isin(CLASSES)].sample(n, random_state=0)
    return found.assign(group=None, language=FURTHER, row=0)


def measure_gap(bases: Sequence[str], *, draws: int) -> dict[str, Any]:
    """The transfer gap with each base model."""
    rows = gap_rows(load_rows(), CLASSES)
    found = {}
    for base in bases:
        result = measure(rows, base, n_draws=draws)
        assert result is not None
        found[base] = result
        print(f"\n### {base}\n")
        print("| language | model | own labels | macro-F1 | accuracy | setting |\n|---|---|---:|---|---|---|")
        lines = {(c["language"], c["kind"], c["n_own"]): c for c in _cells(result)}
        for line in gap_table(result).to_dict("records"):
            cell = lines[line["language"], line["kind"], line["n_own"]]
            figures = [
                f"{100 * line[name]:.1f} ({100 * line[f'{name}_low']:.1f} to {100 * line[f'{name}_high']:.1f})"
                for name in ("macro_f1", "accuracy")
            ]
            chosen = describe_choice(cell, str(line["language"]))
            print(f"| {line['language']} | {line['kind']} | {line['n_own']} | {' | '.join(figures)} | {chosen} |")
    return found


def _cells(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**cell, "language": language["language"]} for language in result["languages"] for cell in language["cells"]
    ]


class Task:
    """English labels and a few Chinese ones, and rows of both that judge."""

    def __init__(self, rows: GapRows, *, seed: int) -> None:
        self.rows = rows
        targets = {target.language: target for target in find_targets(rows, seed=seed)[0]}
        self.english, self.chinese = targets["en"].pool, targets["zh"].pool
        self.parts = {
            (code, part): getattr(targets[code], part) for code in ("en", "zh") for part in ("validation", "test")
        }
        judged = rows.groups[np.concatenate(list(self.parts.values()))]
        self.further = np.flatnonzero((rows.languages == FURTHER) & ~np.isin(rows.groups, judged))

    def train(self, n_chinese: int, *, seed: int) -> Positions:
        """English labels, and so many Chinese ones."""
        few = draw_labels(self.rows, self.chinese, n_chinese, seed=seed)
        return np.concatenate([self.english, self.further, few])


def measure_balance(bases: Sequence[str], *, seeds: int, further: int = 0) -> list[dict[str, Any]]:
    """Macro-F1 by base, number of Chinese labels, weighing, language, part and seed."""
    frame, found = load_rows(), []
    if further:
        frame = pd.concat([frame, further_rows(further)], ignore_index=True)
    rows = gap_rows(frame, CLASSES)
    languages = np.where(rows.languages == FURTHER, "en", rows.languages)
    for base in bases:
        vectors = _vectors(rows, base)
        for seed in range(seeds):
            task = Task(rows, seed=seed)
            for n in CHINESE_LABELS:
                train = task.train(n, seed=seed)
                for name, temper in TEMPERS.items():
                    labels = rows.labels[train]
                    weights = weigh_languages(languages[train], labels, setting=BALANCED, temper=temper)
                    said = _fit(rows, base, vectors, train, weights, seed=seed)
                    for (code, part), judged in task.parts.items():
                        value = macro_f1(rows.labels[judged], said[judged])
                        found.append(
                            {
                                "base": base,
                                "n": n,
                                "how": name,
                                "language": code,
                                "part": part,
                                "seed": seed,
                                "f1": value,
                            }
                        )
    _print_balance(pd.DataFrame(found))
    return found


def _print_balance(found: pd.DataFrame) -> None:
    table = found.groupby(["base", "n", "part", "language", "how"], sort=False)["f1"].agg(["mean", "std"])
    print("| base | Chinese labels | rows | language | " + " | ".join(TEMPERS) + " |")
    print("|---|---:|---|---|" + "---|" * len(TEMPERS))
    for keys, group in table.groupby(level=[0, 1, 2, 3], sort=False):
        cells = [f"{100 * line['mean']:.1f} ± {100 * line['std']:.1f}" for line in group.to_dict("records")]
        print(f"| {' | '.join(map(str, keys))} | {' | '.join(cells)} |")


def _vectors(rows: GapRows, base: str) -> Any:
    """Heads over the vectors of all rows; None for a base without a network that was trained before."""
    if base in (*BASELINES, SCRATCH):
        return None
    from sentiment.training.quick import QuickHead
    from sentiment.training.text_vectors import TextVectors

    if base == E5:
        from sentiment.training import teacher_multilingual

        of_texts = teacher_multilingual.load_multilingual()(rows.texts).astype(np.float32)
        return QuickHead(TextVectors(of_texts, np.arange(len(of_texts)), ""), rows.classes)
    from sentiment.models.predictor import model_folder
    from sentiment.models.store import load_model
    from sentiment.training.base_hash import hash_of_base
    from sentiment.training.encode_texts import NetworkEncoding

    encoding = NetworkEncoding(load_model(model_folder(base)), hash_of_base(base))
    vectors = np.concatenate(list(encoding.blocks(rows.texts)))
    places = np.arange(len(vectors))
    return QuickHead(TextVectors(vectors, places, "", encoding.head, encoding.classes), rows.classes)


def _fit(
    rows: GapRows, base: str, heads: Any, train: Positions, weights: NDArray[np.float32] | None, *, seed: int
) -> NDArray[np.int64]:
    """What a model that learned from some rows says of all rows, int64[n]."""
    if heads is not None:
        return np.asarray(heads.predict(heads.fit(train, rows.labels[train], row_weights=weights)).argmax(axis=1))
    if base == SCRATCH:
        return _fit_scratch(rows, train, weights, seed=seed)
    spaces = not set(rows.languages.tolist()) & WITHOUT_SPACES
    model = fit_baseline(base, Rows(rows.of(train), rows.labels[train], weights), classes=rows.classes, spaces=spaces)
    return np.asarray(model(rows.texts).argmax(axis=1))


def _fit_scratch(
    rows: GapRows, train: Positions, weights: NDArray[np.float32] | None, *, seed: int
) -> NDArray[np.int64]:
    from sentiment.models.classifier import apply_fn
    from sentiment.models.tokenizer import encode
    from sentiment.training.config import FinetuneConfig
    from sentiment.training.fit import Examples, Trainer
    from sentiment.training.imbalance import plan_imbalance
    from sentiment.training.start import Compact, load_start
    from sentiment.training.tuning import fit_settings

    config = FinetuneConfig(base=SCRATCH, seed=seed)
    start = load_start(SCRATCH, classes=rows.classes, train_texts=rows.of(train), seed=seed)
    tables = [encode(start.tokenizer, texts, max_length=config.max_length) for texts in (rows.of(train), rows.texts)]
    compact = Compact.over(tables, start.params)
    learned, everything = (table.mapped(compact.new_ids) for table in tables)
    labels = rows.labels[train]
    trainer = Trainer(
        apply_fn(start.encoder, len(rows.classes)),
        compact.cut(start.params),
        train=Examples(learned, labels, weights),
        validation=None,
        plan=plan_imbalance("none", labels, n_classes=len(rows.classes)),
        settings=fit_settings(config, n_train=len(train), pretrained=False, strategy="full"),
    )
    return np.asarray(trainer.predict(trainer.run().params, everything).argmax(axis=1))


def main() -> None:
    """Reads the arguments, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("gap", "balance"))
    parser.add_argument("bases", nargs="+")
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--further", type=int, default=0, help="further English labels to balance against")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    from sentiment.models.device import prepare_device

    prepare_device()
    print(f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, {describe_machine()}\n")
    if given.what == "gap":
        found: Any = measure_gap(given.bases, draws=given.draws)
    else:
        found = measure_balance(given.bases, seeds=given.seeds, further=given.further)
    if given.out is not None:
        write_json(given.out, {"what": given.what, "found": found})


if __name__ == "__main__":
    main()
