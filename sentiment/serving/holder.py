"""The models that a process holds: loaded when they are first asked for, the least recently used dropped."""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from sentiment.models.baselines import LinearModel
from sentiment.models.predictor import Predictor, load_predictor, model_folder

Model = Predictor | LinearModel
_Key = tuple[str, int, int]


class ModelHolder:
    """Models by run folder, model folder or base name. Safe to share between threads.

    Args:
        most: how many are held at a time.
        load: what loads the model of a folder.
    """

    def __init__(self, *, most: int = 4, load: Callable[[Path], Model] = load_predictor) -> None:
        self._most, self._load = most, load
        self._held: OrderedDict[_Key, Model] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str) -> Model:
        """A model, loaded anew where its files have changed since.

        Raises:
            ModelError: if there is no such model or it is damaged.
        """
        folder = model_folder(name)
        config = (folder / "config.json").stat()
        key = (str(folder), config.st_mtime_ns, config.st_ino)
        with self._lock:  # also while it loads: two who ask for one model at once load it once
            if key not in self._held:
                for old in [old for old in self._held if old[0] == key[0]]:
                    del self._held[old]
                self._held[key] = self._load(folder)
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            return self._held[key]
