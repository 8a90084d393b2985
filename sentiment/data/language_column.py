"""The language of each row as a column of the file says it, and as its text says it where the column does not."""

from dataclasses import dataclass

import pandas as pd

from sentiment.data.language import UNDETERMINED, language_code
from sentiment.data.row_languages import identify_languages
from sentiment.numbers import number

_SHOWN = 6  # values that are no language, in words


@dataclass(frozen=True, eq=False)
class RowLanguages:
    """The languages of rows.

    Attributes:
        codes: an ISO 639-1 code for each row, or "und".
        warnings: what a column of languages holds that is none, in words.
    """

    codes: "pd.Series[str]"
    warnings: tuple[str, ...] = ()


def read_languages(texts: "pd.Series[str]", column: "pd.Series[str] | None") -> RowLanguages:
    """The language of each row.

    Args:
        texts: the rows' texts.
        column: what the file says of the same rows: codes (ISO 639-1 and 639-2), locales ("pt-BR") or English names.
            Rows of which it says nothing, or nothing known, are identified by their text; as all are with None.
    """
    if column is None:
        return RowLanguages(identify_languages(texts))
    said = column.reset_index(drop=True).astype("str")
    said = said.mask((said.str.strip() == "").fillna(True))
    counts = said.value_counts()
    codes = {str(value): language_code(str(value)) for value in counts.index}
    named = said.map({value: code for value, code in codes.items() if code is not None}).astype("str")
    if named.isna().any():
        named = named.fillna(identify_languages(texts))
    unknown = {value: int(counts[value]) for value, code in codes.items() if code is None}
    return RowLanguages(named, _warnings(str(column.name), unknown))


def is_language_column(values: "pd.Series[str]") -> bool:
    """Whether at least nine of ten filled cells name a language, and few different values occur."""
    counts = values.dropna().astype("str").str.strip().value_counts()
    counts = counts[counts.index != ""]
    if counts.empty or len(counts) > 200:
        return False
    known = [language_code(str(value)) not in (None, UNDETERMINED) for value in counts.index]
    return bool(counts[known].sum() >= 0.9 * counts.sum())


def _warnings(name: str, unknown: dict[str, int]) -> tuple[str, ...]:
    if not unknown:
        return ()
    rows = sum(unknown.values())
    shown = ", ".join(f"“{value[:40]}” ({number(n)})" for value, n in list(unknown.items())[:_SHOWN])
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    return (
        f"The column “{name}” names languages that are not known: {shown}{more}. "
        f"{'That row was' if rows == 1 else f'These {number(rows)} rows were'} told by the text.",
    )
