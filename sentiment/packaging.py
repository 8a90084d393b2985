"""A run's model as one file to hand on: a package that loads in three lines, and is a base for the next fine-tuning.

    from sentiment import load
    model = load("reviews.zip")
    probs = model(["It broke after a day."])

`sentiment.models.package` reads packages; wherever a run or a base model is taken, a package is as well.
"""

import json
from pathlib import Path

from sentiment.errors import ModelError, UsageError
from sentiment.files import write_atomic
from sentiment.model_card import describe_card, model_card
from sentiment.models.folders import model_folder
from sentiment.models.package import CARD, CONFIG, MEMBERS, RULE, open_package, package_bytes
from sentiment.models.tensors import read_config
from sentiment.training.runs import Run

__all__ = ["export_onnx", "open_package", "pack_run", "package_of"]


def package_of(run: Run) -> bytes:
    """The content of a run's package: weights as they are, tokenizer, config, card and thresholds, if it has any.

    The same for the same run.

    Raises:
        ModelError: if the run has no model yet, or it cannot be read.
        RunError: if the run's own files cannot be read.
    """
    folder = model_folder(run.folder)
    config = {**read_config(folder), "card": describe_card(run)}
    if isinstance(made := config.get("run"), dict):
        config["run"] = {**made, "base": run.info.config.base_name}
    members = {
        CARD: model_card(run).encode(),
        CONFIG: (json.dumps(config, ensure_ascii=False, indent=1) + "\n").encode(),
    }
    for name in MEMBERS:
        if name not in members and (folder / name).is_file():
            members[name] = _read(folder / name)
    if (run.folder / RULE).is_file():  # thresholds are the run's; whoever scores files with the package follows them
        members[RULE] = _read(run.folder / RULE)
    return package_bytes(members)


def pack_run(run: Run, out: Path) -> None:
    """Writes the package of a run, whole or not at all (errors as for `package_of`).

    Raises:
        OSError: if the file cannot be written; an earlier one is untouched.
    """
    write_atomic(out, package_of(run))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path.name} of the model cannot be read ({error.strerror})") from error


def export_onnx(model: str | Path, out: Path) -> Path:
    """Writes a model as ONNX, and tokenizer.json into the same folder, whose path comes back.

    Args:
        model: a run, model folder, package or base model.
        out: the .onnx file.

    Raises:
        ModelError: if there is no such model, it is damaged, or ONNX has no operators for it.
        UsageError: if the folder holds another tokenizer.json.
        OSError: if a file cannot be written.
    """
    from sentiment.models.onnx_export import to_onnx
    from sentiment.models.predictor import load_predictor  # it loads the deep-learning library

    content = to_onnx(load_predictor(model))
    tokenizer = _read(model_folder(model) / "tokenizer.json")
    beside = out.parent / "tokenizer.json"
    if beside.exists() and beside.read_bytes() != tokenizer:
        raise UsageError(
            f"The folder {out.parent} holds the tokenizer.json of another model",
            todo="Write into another folder: each model needs its own tokenizer beside it",
        )
    write_atomic(out, content)
    write_atomic(beside, tokenizer)
    return beside
