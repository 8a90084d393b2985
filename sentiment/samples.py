"""The small data sets that come with the product."""

from dataclasses import dataclass
from pathlib import Path

from sentiment.files import read_json

SAMPLES = Path(__file__).parent.parent / "sample_data"


@dataclass(frozen=True)
class Sample:
    """A small data set that comes with the product: a card's words, the file and its columns."""

    name: str
    title: str
    path: Path
    description: str
    text: str
    label: str | None
    group: str | None
    language: str | None
    licence: str
    source: str


def list_samples() -> list[Sample]:
    """The samples in the order of their cards."""
    found = [(read_json(path), path.parent) for path in sorted(SAMPLES.glob("*/sample.json"))]
    found.sort(key=lambda pair: pair[0]["order"])
    return [_sample(values, folder) for values, folder in found]


def _sample(values: dict[str, str], folder: Path) -> Sample:
    return Sample(
        name=folder.name,
        title=values["title"],
        path=folder / values["file"],
        description=values["description"],
        text=values["text"],
        label=values.get("label"),
        group=values.get("group"),
        language=values.get("language"),
        licence=values["licence"],
        source=values["source"],
    )
