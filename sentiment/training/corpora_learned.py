"""Which texts base models learn from the corpora, noted beside them: `python -m sentiment.training.corpora_learned`."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sentiment.models.learned import write_learned_of
from sentiment.models.registry import bases_folder
from sentiment.training.chinese_texts import training_rows
from sentiment.training.corpora import CORPORA, CorpusSplit, read_corpus
from sentiment.training.held_out import hash_texts


def note_corpora(corpora: Sequence[CorpusSplit], *, beside: Path) -> None:
    """Notes the texts of the training sides, beside the folders of base models; in Chinese, there are some more."""
    for corpus in corpora:
        chinese = corpus.corpus.language == "zh"
        texts = training_rows(corpus)[0] if chinese else corpus.texts[corpus.rows("train")].tolist()
        write_learned_of(corpus.corpus.name, hash_texts(pd.Series(texts, dtype="str")), beside=beside)


if __name__ == "__main__":
    note_corpora([read_corpus(name) for name in CORPORA], beside=bases_folder())
