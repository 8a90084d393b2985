"""Word vectors that people bring: their files' readers, a compact store in the workspace, what a model takes of it."""

from sentiment.models.word_vectors.formats import read_vectors
from sentiment.models.word_vectors.store import VectorStore, find_vectors, list_vectors, vectors_folder, write_store

__all__ = ["VectorStore", "find_vectors", "list_vectors", "read_vectors", "vectors_folder", "write_store"]
