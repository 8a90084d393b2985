"""Keras's Tokenizer.to_json → the tokenizer of the imported model."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sentiment.errors import ModelError
from sentiment.models.keras_import.stop_words import ENGLISH
from sentiment.models.keras_tokenizer import SIDES, STEPS, KerasTokenizer, checked_tokenizer
from sentiment.numbers import number

_MAX_BYTES = 2**28
_EXPECTED = "What tokenizer.to_json() of Keras's Tokenizer returned, in a file"
_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def missing_tokenizer() -> ModelError:
    """The error for a model that came without its tokenizer."""
    return ModelError(
        "The tokenizer is missing: a Keras model reads numbers, and only its own tokenizer knows which word each is",
        expected=_EXPECTED,
        todo="Write it where the model was trained: open('tokenizer.json', 'w').write(tokenizer.to_json()). "
        "One that is fitted anew gives other words the same numbers, and the model would guess",
    )


def read_tokenizer(
    path: Path, *, rows: int, maxlen: int, truncating: str = "pre", clean: Sequence[str] = ()
) -> KerasTokenizer:
    """The tokenizer in a file that `to_json` wrote, for a network with so many rows in its table of words.

    Args:
        path: of the file.
        rows: of the table: the Embedding's input_dim.
        maxlen: tokens of a text that are read.
        truncating: the side at which longer texts are cut, "pre" or "post".
        clean: the steps before it, of `keras_tokenizer.STEPS`.

    Raises:
        ModelError: if the file is no tokenizer of this kind, or knows words that the table does not.
    """
    config = _config(path)
    words, num_words = _word_index(config, path.name), config.get("num_words")
    if num_words is not None and (type(num_words) is not int or num_words < 1):
        raise _damaged(path.name, f"num_words is {str(num_words)[:40]!r}")
    oov_token = config.get("oov_token")
    oov = None if oov_token is None else words.get(str(oov_token))
    if oov_token is not None and oov is None:
        raise _damaged(path.name, "its oov_token has no number")
    if num_words:
        words = {word: number for word, number in words.items() if number < num_words}
    highest = max([*words.values(), oov or 0], default=0)
    if highest >= rows:
        raise ModelError(
            f"The tokenizer numbers words up to {number(highest)}, and the model has {number(rows)} rows for them",
            expected="The tokenizer that the model was trained with",
            todo="If it was used with num_words, make sure that it stands in the file",
        )
    try:
        return checked_tokenizer(
            {
                "words": words,
                "size": rows,
                "filters": config.get("filters", _FILTERS),
                "lower": config.get("lower", True),
                "split": config.get("split", " "),
                "char_level": config.get("char_level", False),
                "oov": oov,
                "maxlen": maxlen,
                "truncating": truncating,
                "clean": list(clean),
                "stop_words": sorted(ENGLISH) if "stop-words" in clean else [],
            }
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path.name, str(error)) from error


def _config(path: Path) -> Mapping[str, Any]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise _damaged(path.name, "it is larger than any tokenizer")
        text = path.read_text(encoding="utf-8-sig")
        values = json.loads(text)
        if isinstance(values, str):  # json.dump(tokenizer.to_json(), file) writes JSON in JSON
            values = json.loads(values)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read ({error.strerror})", expected=_EXPECTED) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path.name, str(error)[:80]) from error
    config = values.get("config") if isinstance(values, Mapping) else None
    if not isinstance(config, Mapping) or values.get("class_name") != "Tokenizer":
        raise _damaged(path.name, "it is JSON of another kind")
    if config.get("analyzer") is not None:
        raise _damaged(path.name, "it splits texts by a function of its own, which is not in the file")
    return config


def _word_index(config: Mapping[str, Any], name: str) -> dict[str, int]:
    index = config.get("word_index")
    try:
        index = json.loads(index) if isinstance(index, str) else index
    except (ValueError, RecursionError) as error:
        raise _damaged(name, f"its word_index cannot be read: {str(error)[:60]}") from error
    if not isinstance(index, dict) or not index:
        raise _damaged(name, "it has no word_index")
    if any(type(number) is not int or number < 1 for number in index.values()):
        raise _damaged(name, "a word's number is not a whole number from 1 on")
    return index


def _damaged(name: str, why: str) -> ModelError:
    return ModelError(f"{name} is no tokenizer of Keras's ({why})", expected=_EXPECTED)


def check_sides(padding: str, truncating: str) -> None:
    """Raises a ModelError for a side that is none."""
    for what, side in (("padding", padding), ("truncating", truncating)):
        if side not in SIDES:
            raise ModelError(f"The {what} is {side[:40]!r}", expected="pre or post")


def checked_steps(given: str) -> tuple[str, ...]:
    """The steps of a list such as "tags,letters".

    Raises:
        ModelError: for a step that is not known.
    """
    steps = tuple(step.strip() for step in given.split(",") if step.strip())
    if unknown := [step for step in steps if step not in STEPS]:
        raise ModelError(f"The step {unknown[0][:40]!r} is not known", expected=f"Of {', '.join(STEPS)}")
    return tuple(step for step in STEPS if step in steps)
