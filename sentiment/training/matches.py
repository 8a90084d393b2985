"""Which class of a base model means the same as one of a dataset's. Light: no deep-learning library is loaded."""

from collections.abc import Sequence

from sentiment.palette import sentiment_of


def match_classes(classes: Sequence[str], base_classes: Sequence[str]) -> dict[int, int]:
    """Position in `base_classes` for each position in `classes` that means the same; each is used once."""

    def meaning(name: str) -> str:
        return sentiment_of(name) or name.strip().casefold()

    free = {meaning(name): position for position, name in reversed(list(enumerate(base_classes)))}
    return {position: free.pop(meaning(name)) for position, name in enumerate(classes) if meaning(name) in free}
