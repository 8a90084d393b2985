"""A run folder: what was trained on what, how far it is, and what it predicts for the held-out rows.

run.json             what the run is: settings, dataset, classes; written once
state.json           how far it is; written by the worker alone, whole each time
process.json         the worker's process; written by whoever started it
stop                 its presence asks the worker to stop
history.jsonl        one line per logged step and validation; none where a simple baseline was fitted
labels.parquet       what people changed in the labels before the run was created; none where nothing was
split.npz            rows (of the file) in train, validation and test
start.txt            hash of the weights that it started from, "" from scratch; none in runs of before there was one
checkpoint/          the last two checkpoints, to resume from
model/               the best weights so far, with tokenizer and config: a model folder
validation.parquet   validation rows with the model's probabilities; none in runs of before there was one
predictions.parquet  held-out rows with the probabilities of the model and the baselines
learning_curve.json  what more labels would bring; none in runs of before there was one
thresholds.json      the decision rule that its owner chose; none where the most likely class is said
log.txt              the worker's output
"""

import dataclasses
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from sentiment.access import Role, require
from sentiment.data import DatasetInfo
from sentiment.errors import RunError, UsageError
from sentiment.files import read_json, write_atomic, write_json
from sentiment.models.package import RULE
from sentiment.training.allowed import check_settings
from sentiment.training.config import FinetuneConfig

LABELS_FILE = "labels.parquet"
LEARNING_CURVE = "learning_curve.json"
ACTIVE = ("queued", "starting", "running", "stopping")
ENDED = ("stopped", "finished", "failed", "interrupted")
MODELS = ("model", "majority", "tfidf")  # the columns of predictions.parquet, in the order in which they are shown
HISTORY_COLUMNS = {"step": "int64", "epoch": "float64", "kind": "str", "loss": "float64", "macro_f1": "float64"}


@dataclass(frozen=True)
class DatasetReference:
    """Which data a run was trained on, by content.

    Attributes:
        id: the dataset's id in the workspace, or the start of its fingerprint.
        name: what people call it.
        fingerprint: sha256 of its rows, texts, labels and groups.
        folder: its folder, relative to the run folder; None if it was read from a file by the command line.
        source: the name of the file that it came from.
    """

    id: str
    name: str
    fingerprint: str
    folder: str | None
    source: str


@dataclass(frozen=True)
class RunInfo:
    """What a run is. Written once, when it is created."""

    id: str
    name: str
    created: str
    config: FinetuneConfig
    dataset: DatasetReference
    classes: tuple[str, ...]
    colours: dict[str, str]
    language: str
    text_column: str
    label_column: str | None
    group_column: str | None


@dataclass(frozen=True)
class RunState:
    """How far a run is.

    Attributes:
        status: queued, starting, running, stopping, stopped, finished, failed or interrupted.
        phase: what it does now, in words.
        step, total_steps, epoch, total_epochs: progress; totals are 0 until they are known.
        seconds_left: estimate of the time to the end; None while unknown.
        elapsed: seconds that workers have been at it.
        device: the device in words ("CPU, 2 cores").
        best_macro_f1: best validation macro-F1 so far; None before the first validation.
        message: the outcome in a sentence, once there is one.
        error: given, expected, todo of the error that ended it; None otherwise.
        settings: what was chosen where the user left the choice open (epochs, learning rate, why).
    """

    status: str = "queued"
    phase: str = "Waiting for its turn"
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    total_epochs: int = 0
    seconds_left: float | None = None
    elapsed: float = 0.0
    device: str = ""
    best_macro_f1: float | None = None
    message: str = ""
    error: dict[str, str] | None = None
    updated: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunState":
        """The state as it was written; one with values of other kinds than a worker writes cannot be read."""
        known = {f.name: value for f in dataclasses.fields(cls) if (value := values.get(f.name)) is not None}
        sound = all(isinstance(value, _KINDS.get(name, str)) for name, value in known.items())
        return cls(**known) if sound else _UNREADABLE

    @property
    def active(self) -> bool:
        """Whether a worker is, or should be, at work on it."""
        return self.status in ACTIVE

    @property
    def progress(self) -> float:
        """Share of the steps done, from 0 to 1."""
        return 1.0 if self.status == "finished" else min(1.0, self.step / self.total_steps) if self.total_steps else 0.0


_KINDS: dict[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("step", "total_steps", "epoch", "total_epochs"), int),
    **dict.fromkeys(("seconds_left", "elapsed", "best_macro_f1"), (int, float)),
    **dict.fromkeys(("error", "settings"), dict),
}  # of the values of a state; the others are strings
_UNREADABLE = RunState(
    status="interrupted",
    phase="",
    message="What this run had noted of its progress cannot be read. Resume it to go on from its last checkpoint.",
)


def now() -> str:
    """The time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_id() -> str:
    """A fresh run id: sortable by time, safe as a folder's name and in an address."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def is_run_id(text: str) -> bool:
    """Whether `text` has the form of a run id."""
    return re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", text) is not None


class Run:
    """A run folder, read. Methods that write into it raise AccessError where the one who acts is no owner.

    Attributes:
        folder: where it is.
        info: what it is.

    Raises:
        RunError: if the folder is not a run's or its run.json is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.info = _read_info(self.folder)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.info.id

    @property
    def state(self) -> RunState:
        """How far the run is, as the worker last wrote it (see `jobs.read_state` for one that checks the process).

        One that cannot be read is "interrupted", with a message that says so: the run can be resumed or deleted.
        """
        try:
            values = read_json(self.folder / "state.json")
        except FileNotFoundError:
            return RunState()
        except (OSError, ValueError, RecursionError):
            return _UNREADABLE
        return RunState.from_dict(values) if isinstance(values, dict) else _UNREADABLE

    def write_state(self, state: RunState) -> None:
        """Replaces the state; only the worker, or whoever found it dead, calls this."""
        require(Role.OWNER, doing="change a run")
        write_json(self.folder / "state.json", dataclasses.asdict(dataclasses.replace(state, updated=now())))

    def history(self) -> pd.DataFrame:
        """Losses and scores so far.

        Returns:
            Columns step, epoch (fractional), kind ("train" or "validation"), loss (mean over rows), macro_f1
            (NaN in train rows), ordered by step. A line that is being written is left out. After a resume, lines
            that the interrupted worker wrote beyond its checkpoint are replaced by the newer ones.
        """
        rows: list[dict[str, Any]] = []
        path = self.folder / "history.jsonl"
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if row.get("kind") == "resumed":
                rows = [earlier for earlier in rows if earlier["step"] <= row["step"]]
            else:
                rows.append(row)
        frame = pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))
        return frame.astype(HISTORY_COLUMNS).sort_values("step", kind="stable", ignore_index=True)

    @property
    def has_history(self) -> bool:
        """Whether a worker has logged anything."""
        return (self.folder / "history.jsonl").exists()

    def log(self, **row: Any) -> None:
        """Appends one line to the history."""
        require(Role.OWNER, doing="change a run")
        with (self.folder / "history.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def predictions(self) -> pd.DataFrame | None:
        """Held-out rows with predictions, or None before there are any.

        Returns:
            Columns row, text, label, group, split ("test", or "validation" where no test rows were held out), then
            for each model of `MODELS` that is ready: "<model>:prediction" and "<model>:prob:<class>".
        """
        path = self.folder / "predictions.parquet"
        return pd.read_parquet(path) if path.exists() else None

    def write_predictions(self, frame: pd.DataFrame) -> None:
        """Replaces the predictions, whole or not at all."""
        require(Role.OWNER, doing="change a run")
        write_atomic(self.folder / "predictions.parquet", frame.to_parquet(index=False))

    def forget_judgement(self) -> bool:
        """Takes away what was found with weights that are about to be replaced; returns whether thresholds were."""
        require(Role.OWNER, doing="change a run")
        had_rule = (self.folder / RULE).exists()
        for name in ("predictions.parquet", "validation.parquet", LEARNING_CURVE, RULE):
            (self.folder / name).unlink(missing_ok=True)
        return had_rule

    def validation(self) -> pd.DataFrame | None:
        """Validation rows with the model's probabilities, or None where a run kept none.

        Returns:
            Columns row, text, label, group, and "model:prob:<class>".
        """
        path = self.folder / "validation.parquet"
        return pd.read_parquet(path) if path.exists() else None

    def write_validation(self, frame: pd.DataFrame) -> None:
        """Replaces the validation rows, whole or not at all."""
        require(Role.OWNER, doing="change a run")
        write_atomic(self.folder / "validation.parquet", frame.to_parquet(index=False))

    @property
    def started_from(self) -> str | None:
        """Hash of the weights that it started from, "" from scratch; None for a new run, and one from before."""
        path = self.folder / "start.txt"
        return path.read_text(encoding="ascii") if path.exists() else None

    def note_start(self, weights: str) -> None:
        """Notes a hash of the weights that it starts from; "" from scratch."""
        require(Role.OWNER, doing="change a run")
        write_atomic(self.folder / "start.txt", weights.encode("ascii"))

    @property
    def has_model(self) -> bool:
        """Whether there are weights to predict with."""
        return (self.folder / "model" / "config.json").exists()


def describe_run(
    dataset: DatasetInfo, config: FinetuneConfig, *, run_id: str, name: str, dataset_folder: str | None
) -> RunInfo:
    """What a new run on a dataset is.

    Args:
        dataset: what it is trained on.
        config: its settings.
        run_id: see `new_id`.
        name: what people call it.
        dataset_folder: the dataset's folder, relative to the run folder; None if it was read from a file.

    Raises:
        UsageError: if the settings do not go with the base.
    """
    check_settings(config)
    return RunInfo(
        id=run_id,
        name=name,
        created=now(),
        config=config,
        dataset=DatasetReference(dataset.id, dataset.name, dataset.fingerprint, dataset_folder, dataset.source),
        classes=dataset.classes,
        colours=dataset.colours,
        language=dataset.language,
        text_column=dataset.text_column,
        label_column=dataset.label_column,
        group_column=dataset.group_column,
    )


def create_run(folder: Path, info: RunInfo) -> Run:
    """A new run in `folder`, which is made; its state is "queued" and no worker is started.

    Raises:
        RunError: if the folder holds a run already or cannot be written.
    """
    require(Role.OWNER, doing="fine-tune a model")
    if (folder / "run.json").exists():
        raise RunError(
            f"The folder {folder.name} holds a run already", todo="Resume that run, or choose another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "run.json", dataclasses.asdict(info))
    except OSError as error:
        raise RunError(f"The run folder {folder.name} cannot be written ({error.strerror})") from error
    run = Run(folder)
    run.write_state(RunState())
    return run


def _read_info(folder: Path) -> RunInfo:
    try:
        values = read_json(folder / "run.json")
        return RunInfo(
            **{
                **values,
                "config": FinetuneConfig.from_dict(values["config"]),
                "dataset": DatasetReference(**values["dataset"]),
                "classes": tuple(values["classes"]),
            }
        )
    except FileNotFoundError as error:
        raise RunError(f"{folder.name} is not a run folder", expected="A folder that finetune wrote") from error
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise RunError(
            f"The description of run {folder.name} is damaged", todo="Delete the run and train again"
        ) from error
