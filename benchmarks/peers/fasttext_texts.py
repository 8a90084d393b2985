"""fastText (Joulin et al. 2017) on raw texts, with its tutorial's settings: pairs of words.

.venv-bench/bin/python benchmarks/peers/fasttext_texts.py
"""

import tempfile
from pathlib import Path
from typing import Any

import fasttext
from serving import rate, read_texts, serve


class Contender:
    """Predicts the texts that it was trained on."""

    def __init__(self) -> None:
        self.model: Any = None
        self.texts: list[str] = []

    def measure(self, request: dict[str, Any]) -> float:
        """Texts per second, from the raw texts."""
        if self.model is None:
            texts, labels = read_texts(request["work"])
            self.texts = [" ".join(text.split()) for text in texts]  # it takes no line breaks
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "train.txt"
                lines = (f"__label__{label} {text}\n" for text, label in zip(self.texts, labels, strict=True))
                path.write_text("".join(lines), encoding="utf-8")
                self.model = fasttext.train_supervised(str(path), wordNgrams=2, verbose=0)
        return rate(lambda: len(self.model.predict(self.texts)[0]), seconds=request["seconds"])


if __name__ == "__main__":
    serve(Contender().measure)
