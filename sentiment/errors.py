"""Errors as part of the interface: what was given, what was expected, what to do.

Everything that a user can cause is a `SentimentError`; a page shows its three parts, the command line its one line.
"""

import re

_BLANK = re.compile(r"[^\S\u202f]+")  # every kind of blank and line end but the one within a number


def on_one_line(text: str) -> str:
    """The text with single spaces instead of line ends and of several blanks."""
    return _BLANK.sub(" ", text).strip()


class SentimentError(Exception):
    """A mistake in what was given, said in the user's words.

    Attributes:
        given: what was given, as a sentence without its full stop ("The file reviews.csv is empty").
        expected: what was expected, likewise; may be empty.
        todo: what to do next, likewise; may be empty.
    """

    def __init__(self, given: str, *, expected: str = "", todo: str = "") -> None:
        self.given = given
        self.expected = expected
        self.todo = todo
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: the parts as sentences, in order."""
        parts = (part.rstrip(". ") + "." for part in (self.given, self.expected, self.todo) if part)
        return on_one_line(" ".join(parts))

    def to_dict(self) -> dict[str, str]:
        """The three parts and the kind, for a run's state file."""
        return {"kind": type(self).__name__, "given": self.given, "expected": self.expected, "todo": self.todo}


class DataError(SentimentError):
    """A file, column, label or text that cannot be used."""


class ModelError(SentimentError):
    """Weights, a tokenizer or a model folder that does not fit or cannot be trusted."""


class RunError(SentimentError):
    """A run that cannot be started, stopped, resumed or read."""


class WorkspaceError(SentimentError):
    """A workspace, or a thing in it, that is not there or cannot be written."""


class UsageError(SentimentError):
    """A setting outside its range."""


class AccessError(SentimentError):
    """Something that the one who asks may not do, or that nobody may do here."""
