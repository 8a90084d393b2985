"""The words and phrases that set each class apart from the others.

Log-odds ratios with an informative Dirichlet prior, as z-scores (Monroe, Colaresi & Quinn 2008, "Fightin' Words",
equations 15, 16 and 22): a word counts for much if a class uses it more than the others do, and often
enough to be sure.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sentiment.arrays import distinct, on_cores
from sentiment.data.duplicates import as_arrow, group_duplicates

MOST_ROWS = 100_000
MIN_ROWS = 5  # a word in fewer rows says nothing of a class
PRIOR_WORDS = 500.0  # the prior weighs as much as so many words that are spread as in all rows together
_BREAK = "|"  # stands where a phrase ends
_BLOCK = 10_000  # rows at a time
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_JOINED = re.compile(rf"(?<={_HAN.pattern}) (?={_HAN.pattern})")  # no space stands between words there
_ADDRESS = r"https?://\S+|www\.\S+"
_SIGNS = r"[^\p{L}\p{M}\p{N}\s'’_@#-]+"
_EDGES = "'’-"

Ints = NDArray[np.int64]


def distinctive_words(
    texts: Iterable[str | None],
    labels: Iterable[str | None],
    *,
    classes: Sequence[str],
    most_rows: int = MOST_ROWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Words and pairs of words by how far their use in a class is from that in the other classes.

    A text that comes again with the same label counts once, and so does a word that comes again in a text. Chinese is
    divided into words by a dictionary. Pairs do not reach across punctuation.

    Args:
        texts: one per row.
        labels: one per row; rows without one of `classes` are left out.
        classes: two at least, or there is nothing to compare.
        most_rows: of more rows, so many are drawn.
        seed: draws them.

    Returns:
        Columns class, term, size (1 or 2 words), z (above 0: the class uses it more; beyond ±2 hardly by chance),
        log_odds (natural logarithm of the ratio of odds), rows, rows_else (rows of the class, and of the others, with
        it), share, share_else (of these rows, in [0, 1]). A row for each class and term; the largest z first.
    """
    array = as_arrow(texts)
    codes = pd.Index(list(classes), dtype="str").get_indexer(as_arrow(labels).to_pandas()).astype(np.int64)
    chosen = _choose_rows(array, codes, most=most_rows, seed=seed)
    if len(np.unique(codes[chosen])) < 2:
        return _empty()
    vocabulary, words, rows = _split(array.take(pa.array(chosen)))
    known, terms, places = _count_terms(vocabulary, words, rows)
    names = [_JOINED.sub("", term) for term in terms]
    labels_of_rows = codes[chosen]
    counts = np.zeros((len(classes), len(terms)), np.int64)
    np.add.at(counts, (labels_of_rows[places], known), 1)
    totals = np.bincount(labels_of_rows, minlength=len(classes))
    sizes = np.array([1 + term.count(" ") for term in terms], np.int64)
    tables = [
        _score(counts, totals, which, sizes=sizes, terms=names, name=name)
        for which, name in enumerate(classes)
        if totals[which]
    ]
    return pd.concat(tables, ignore_index=True).astype({"class": "str", "term": "str"})


def terms_of_texts(texts: Iterable[str | None]) -> tuple[list[str], Ints, Ints]:
    """Which word or pair of words is in which text, as `distinctive_words` reads them.

    Returns:
        The terms that are in 5 texts at least, and for each time that a text has one (once however often): the term's
        position among them, int64[n], and the text's, int64[n].
    """
    vocabulary, words, rows = _split(as_arrow(texts))
    known, terms, places = _count_terms(vocabulary, words, rows)
    return [_JOINED.sub("", term) for term in terms], known, places


def pick_distinct(table: pd.DataFrame, *, most: int, least_z: float = 1.96) -> pd.DataFrame:
    """The first `most` rows of one class that say something new.

    A pair of words is left out beside a word of it that is in nearly the same rows, and the other way round.

    Args:
        table: of one class, as `distinctive_words` returns it, the largest z first.
        most: rows at most.
        least_z: rows below it are left out.
    """
    kept: list[int] = []
    seen: list[tuple[str, int]] = []
    for place, (term, z, rows) in enumerate(table[["term", "z", "rows"]].itertuples(index=False)):
        if z < least_z or len(kept) == most:
            break
        if any((term in other or other in term) and _alike(rows, n) for other, n in seen):
            continue
        kept.append(place)
        seen.append((term, int(rows)))
    return table.iloc[kept].reset_index(drop=True)


def _alike(rows: int, others: int) -> bool:
    return min(rows, others) >= 0.7 * max(rows, others)


def _empty() -> pd.DataFrame:
    columns = ["class", "term", "size", "z", "log_odds", "rows", "rows_else", "share", "share_else"]
    return pd.DataFrame(columns=columns).astype({"class": "str", "term": "str"})


def _choose_rows(texts: pa.LargeStringArray, codes: Ints, *, most: int, seed: int) -> Ints:
    """Labeled rows, each text of a class once, at most so many."""
    rows = np.flatnonzero(codes >= 0)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    groups = group_duplicates(texts.take(pa.array(rows)), near=False)
    _, first = np.unique(groups * (int(codes.max(initial=0)) + 1) + codes[rows], return_index=True)
    return rows[np.sort(first)]


def _split(texts: pa.LargeStringArray) -> tuple[list[str], Ints, Ints]:
    """All words of the texts: the different ones, the code of each word, and the text that it stands in.

    `_BREAK` stands where a phrase ends.
    """
    starts = range(0, len(texts), _BLOCK)
    parts = on_cores(lambda start: _split_block(texts.slice(start, _BLOCK)), starts)
    words = pa.chunked_array([found for found, _ in parts], pa.large_string())
    rows = [start + places for start, (_, places) in zip(starts, parts, strict=True)]
    encoded = words.combine_chunks().dictionary_encode()
    vocabulary = encoded.dictionary.to_pylist()
    codes = np.asarray(encoded.indices).astype(np.int64)
    filled = np.array([bool(word) for word in vocabulary], bool)[codes]
    return vocabulary, codes[filled], np.concatenate(rows)[filled]


def _split_block(texts: pa.LargeStringArray) -> tuple[pa.LargeStringArray, Ints]:
    """The words of some texts, one after the other, and the place of the text that each stands in."""
    lists = pc.utf8_split_whitespace(_spaced(texts))
    return pc.utf8_trim(lists.flatten(), _EDGES), np.asarray(pc.list_parent_indices(lists)).astype(np.int64)


def _spaced(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """The texts in lower case with spaces between words, and a break in the place of signs and addresses."""
    plain = pc.replace_substring_regex(pc.fill_null(texts, ""), _ADDRESS, f" {_BREAK} ")
    plain = pc.replace_substring_regex(pc.utf8_lower(plain), _SIGNS, f" {_BREAK} ")
    if pc.all(pc.string_is_ascii(plain)).as_py():
        return plain
    return pa.array([_divide(text) for text in plain.to_pylist()], pa.large_string())


def _divide(text: str) -> str:
    if _HAN.search(text) is None:
        return text
    import rjieba  # takes a moment to load its dictionary, which only Chinese needs

    return " ".join(rjieba.cut(text))


def _count_terms(vocabulary: Sequence[str], words: Ints, rows: Ints) -> tuple[Ints, list[str], Ints]:
    """Which term is in which text, each once: the term's number, the terms by number, the text."""
    n = len(vocabulary)
    n_texts = int(rows.max(initial=-1)) + 1
    single = distinct(words * n_texts + rows)  # one for each word and text that has it
    word, text = single // n_texts, single % n_texts
    frequent = np.bincount(word, minlength=n) >= MIN_ROWS
    frequent &= np.array([any(map(str.isalnum, word)) for word in vocabulary], bool)
    kept = frequent[word]
    numbers = np.cumsum(frequent) - 1
    names = [vocabulary[code] for code in np.flatnonzero(frequent).tolist()]

    together = (rows[1:] == rows[:-1]) & frequent[words[1:]] & frequent[words[:-1]]
    pair = (words[:-1] * n + words[1:])[together]
    codes, pairs = pd.factorize(pair)
    double = distinct(codes.astype(np.int64) * n_texts + rows[1:][together])
    pair_code, pair_text = double // n_texts, double % n_texts
    often = np.bincount(pair_code, minlength=len(pairs)) >= MIN_ROWS
    pair_numbers = np.cumsum(often) - 1 + len(names)
    first, second = np.divmod(np.asarray(pairs)[often], max(n, 1))
    names += [f"{vocabulary[a]} {vocabulary[b]}" for a, b in zip(first.tolist(), second.tolist(), strict=True)]
    kept_pairs = often[pair_code]
    return (
        np.concatenate([numbers[word[kept]], pair_numbers[pair_code[kept_pairs]]]).astype(np.int64),
        names,
        np.concatenate([text[kept], pair_text[kept_pairs]]),
    )


def _score(counts: Ints, totals: Ints, which: int, *, sizes: Ints, terms: Sequence[str], name: str) -> pd.DataFrame:
    """The table of one class; words and pairs are scored apart, because a pair is rarer than its words."""
    of_class, elsewhere = counts[which], counts.sum(axis=0) - counts[which]
    z, log_odds = np.zeros(len(terms)), np.zeros(len(terms))
    for size in (1, 2):
        part = sizes == size
        log_odds[part], z[part] = log_odds_z(of_class[part], elsewhere[part])
    table = pd.DataFrame(
        {
            "class": name,
            "term": list(terms),
            "size": sizes,
            "z": z,
            "log_odds": log_odds,
            "rows": of_class,
            "rows_else": elsewhere,
            "share": of_class / max(totals[which], 1),
            "share_else": elsewhere / max(totals.sum() - totals[which], 1),
        }
    )
    return table.sort_values("z", ascending=False, kind="stable")


def log_odds_z(
    counts: Ints, others: Ints, *, prior_words: float = PRIOR_WORDS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-odds ratios of words in one group of texts against another, and their z-scores.

    Args:
        counts: int64[n_words], of the group.
        others: int64[n_words], of the other.
        prior_words: what the prior weighs, in words; it is spread over the words as both groups together are.
    """
    both = (counts + others).astype(np.float64)
    prior = prior_words * both / max(both.sum(), 1.0)
    ratios = []
    for part in (counts, others):
        total = part.sum() + prior_words
        ratios.append(np.log((part + prior) / np.maximum(total - part - prior, 1e-9)))
    log_odds = ratios[0] - ratios[1]
    return log_odds, log_odds / np.sqrt(1 / (counts + prior) + 1 / (others + prior))
