"""Measures how often the language of a row is told right, on texts whose language is known.

    apt-get download fortunes-de fortunes-es fortunes-it fortunes-cs fortunes-pl fortunes-bg fortunes-br fortunes-ru
    for f in *.deb; do dpkg-deb -x $f unpacked; done
    python benchmarks/languages.py de=unpacked/usr/share/games/fortunes/de es=unpacked/usr/share/games/fortunes/es ...

Each folder holds files of sayings in one language, with a line "%" between them (Debian's fortunes-*; those in other
encodings, and the offensive ones, which are enciphered, are left out). The samples of the product stand for English and
Chinese. Every language is told as a dataset of its own and in one dataset with all others, whole and cut to 40 and 20
characters. The files hold a few sayings in other languages, so that 100 % cannot be reached.

Prints a Markdown table: rows; told right, "und" and wrong, in per cent.
"""

import argparse
import random
import re
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from sentiment import data
from sentiment.samples import list_samples

MOST = 1_000  # sayings of a language
SHORTEST, LONGEST = 15, 250  # characters
CUTS = (None, 40, 20)
SAMPLES = {"product-reviews": "en", "brand-tweets": "en", "chinese-reviews": "zh"}


def sayings(folder: Path, *, seed: int = 0) -> list[str]:
    """Different sayings of a folder, drawn at random."""
    found: set[str] = set()
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or path.suffix == ".dat" or path.parent.name == "off":
            continue
        try:
            content = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for saying in re.split(r"\n%\n", content):
            text = " ".join(re.sub(r"\s--\s.*", "", saying, flags=re.DOTALL).split())
            if SHORTEST <= len(text) <= LONGEST and sum(map(str.isalpha, text)) > 0.6 * len(text):
                found.add(text)
    return random.Random(seed).sample(sorted(found), min(MOST, len(found)))


def known_texts(folders: dict[str, Path]) -> pd.DataFrame:
    """Columns text, language, source."""
    parts = [pd.DataFrame({"text": sayings(folder), "language": code, "source": "sayings"})
             for code, folder in folders.items()]  # fmt: skip
    for sample in list_samples():
        if sample.name in SAMPLES:
            texts = data.read_table(sample.path, name=sample.path.name).frame[sample.text].dropna()
            texts = texts.sample(min(MOST, len(texts)), random_state=0)
            parts.append(pd.DataFrame({"text": texts, "language": SAMPLES[sample.name], "source": sample.name}))
    return pd.concat(parts, ignore_index=True)


def shares(found: np.ndarray, wanted: np.ndarray) -> str:
    """The shares of right, undetermined and wrong ones, in per cent."""
    right, unknown = np.mean(found == wanted), np.mean(found == data.UNDETERMINED)
    return f"{100 * right:.1f} / {100 * unknown:.1f} / {100 * max(0, 1 - right - unknown):.1f}"


def main() -> None:
    """Reads the folders, tells the languages, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="CODE=FOLDER")
    folders = {code: Path(folder) for code, _, folder in (one.partition("=") for one in parser.parse_args().folders)}
    texts = known_texts(folders)
    names = [f"{'whole' if cut is None else f'{cut} characters'}, {how}" for cut in CUTS for how in ("alone", "mixed")]
    print(f"| texts | rows | {' | '.join(names)} |\n|{'---|' * (len(names) + 2)}")
    cells: dict[tuple[str, str], list[str]] = {}
    for cut in CUTS:
        part = texts.assign(text=texts["text"].str.slice(0, cut))
        mixed = data.identify_languages(part["text"]).to_numpy()
        for place in part.groupby(["language", "source"]).indices.items():
            (code, source), rows = cast("tuple[tuple[str, str], np.ndarray]", place)
            alone = data.identify_languages(part["text"].iloc[rows]).to_numpy()
            wanted = part["language"].iloc[rows].to_numpy()
            cells.setdefault((code, source), []).extend([shares(alone, wanted), shares(mixed[rows], wanted)])
    for (code, source), found in cells.items():
        n = int(((texts["language"] == code) & (texts["source"] == source)).sum())
        print(f"| {data.language_name(code)}, {source} | {n:,} | {' | '.join(found)} |")


if __name__ == "__main__":
    main()
