"""Whole tables through a `predict_fn`."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError


def score_frame(
    frame: pd.DataFrame,
    *,
    text: str,
    predict_fn: Callable[[Sequence[str]], NDArray[np.float32]],
    classes: Sequence[str],
) -> pd.DataFrame:
    """The table with the columns prediction and prob_<class> added; rows and their order stay as they are.

    A row without a text gets an empty prediction and empty probabilities.

    Args:
        frame: any table.
        text: its column with the texts.
        predict_fn: texts → probabilities float32[n, n_classes].
        classes: names of the columns of the probabilities.

    Raises:
        DataError: if there is no such column.
        UsageError: if the table has a column of one of the new names already.
    """
    if text not in frame.columns:
        raise DataError(
            f"There is no column {text!r}", expected=f"One of {', '.join(map(repr, list(frame.columns)[:20]))}"
        )
    added = ["prediction", *(f"prob_{name}" for name in classes)]
    taken = [name for name in added if name in frame.columns]
    if taken:
        raise UsageError(f"The table has a column {taken[0]!r} already", todo="Rename or remove it, then predict again")
    texts = frame[text].astype("str").fillna("")
    there = np.flatnonzero((texts.str.strip() != "").to_numpy(bool))
    known = predict_fn(texts.iloc[there].tolist())
    probs = np.full((len(frame), len(classes)), np.nan)
    probs[there] = known
    prediction = np.full(len(frame), "", object)
    prediction[there] = np.array(list(classes), object)[known.argmax(axis=1)]
    new = pd.DataFrame(dict(zip(added, [prediction, *probs.T], strict=True)), index=frame.index)
    return pd.concat([frame, new], axis=1)
