"""The commands. Heavy imports stay inside them, so that `bases` and a mistake answer at once."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sentiment.cli.compare import compare
from sentiment.cli.distributed import Joining, distributed_options, joined
from sentiment.cli.duplicates import duplicates
from sentiment.cli.explain import explain
from sentiment.cli.export import export
from sentiment.cli.import_keras import import_keras
from sentiment.cli.importing import import_base, import_data, import_vectors, remove, vectors
from sentiment.cli.labels import labels
from sentiment.cli.predict import predict
from sentiment.cli.progress import Reporter
from sentiment.cli.report import report
from sentiment.cli.serve import serve
from sentiment.cli.suspects import suspects
from sentiment.cli.tables import table_text
from sentiment.cli.transfer_gap import transfer_gap
from sentiment.errors import RunError, UsageError
from sentiment.training.allowed import check_settings
from sentiment.training.config import AUTO, BALANCED, DEFAULT_BASE, IMBALANCE, LANGUAGES, STRATEGIES, FinetuneConfig

DATA = click.argument("data", type=click.Path(path_type=Path))
TEXT = click.option("--text", required=True, metavar="COL", help="Column with the texts.")
LABEL = click.option("--label", required=True, metavar="COL", help="Column with the labels.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def cli() -> None:
    """Sentiment Studio: fine-tune a small pretrained model on your reviews and judge it class by class."""


cli.add_command(compare)
cli.add_command(labels)
cli.add_command(duplicates)
cli.add_command(suspects)
cli.add_command(explain)
cli.add_command(export)
cli.add_command(import_data)
cli.add_command(import_keras)
cli.add_command(import_vectors)
cli.add_command(import_base)
cli.add_command(vectors)
cli.add_command(remove)
cli.add_command(serve)
cli.add_command(predict)
cli.add_command(report)
cli.add_command(transfer_gap)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def bases(as_json: bool) -> None:
    """List what a run can start from: base models, networks trained from nothing, simple baselines."""
    from sentiment.models.registry import list_bases

    found = list_bases()
    if as_json:
        values = [{**dataclasses.asdict(base), "folder": str(base.folder) if base.folder else None} for base in found]
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))
        return
    rows = [
        (
            base.name,
            base.kind,
            ", ".join(base.languages) or "any",
            base.architecture,
            f"{100 * base.held_out['macro_f1']:.1f} ({base.held_out['corpus']})" if base.held_out else "-",
            f"{base.size_bytes / 1e6:.1f} MB" if base.size_bytes else "-",
            base.trained_on,
        )
        for base in found
    ]
    click.echo(table_text(("name", "kind", "language", "model", "macro-F1", "size", "trained on"), rows))


@cli.command()
@DATA
@TEXT
@LABEL
@click.option("--base", default=DEFAULT_BASE, show_default=True, metavar="NAME", help="Base model, or a run folder.")
@click.option(
    "--vectors", default="", metavar="NAME", help="Word vectors to start from, with scratch-cnn, -rnn or word-vectors."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="RUN_DIR", help="Run folder to write.")
@click.option("--group", metavar="COL", help="Rows with equal values stay on one side of the split.")
@click.option("--language-column", metavar="COL", help="Column with the languages; by default, told by the texts.")
@click.option("--seed", type=int, default=0, show_default=True, help="Draws split, head, order and dropout.")
@click.option("--epochs", type=int, help="Passes over the training rows; by default, by their number.")
@click.option("--batch-size", type=int, default=FinetuneConfig.batch_size, show_default=True, help="Rows of a step.")
@click.option("--learning-rate", type=float, help="Peak rate of the head; by default, the measured one of the base.")
@click.option(
    "--max-length",
    type=int,
    default=FinetuneConfig.max_length,
    show_default=True,
    help="Tokens of a text that are read.",
)
@click.option(
    "--imbalance", default=AUTO, show_default=True, metavar="STRATEGY", help=", ".join((AUTO, *IMBALANCE)) + "."
)
@click.option(
    "--languages",
    default=BALANCED,
    show_default=True,
    metavar="SETTING",
    help=f"Where labels are in several languages: {', '.join(LANGUAGES)}.",
)
@click.option("--strategy", metavar="STRATEGY", help=f"{', '.join(STRATEGIES)}; by default, by the number of labels.")
@click.option("--self-training", is_flag=True, help="Rows without a label count a little, with a guessed one.")
@click.option("--test-fraction", type=float, default=0.2, show_default=True, help="Held out to judge; 0 for none.")
@click.option(
    "--validation-fraction",
    type=float,
    default=FinetuneConfig.validation_fraction,
    show_default=True,
    help="Held out to choose the best epoch and to calibrate.",
)
@click.option("--resume", is_flag=True, help="Go on with the run in RUN_DIR.")
@distributed_options
def finetune(
    data: Path,
    text: str,
    label: str,
    base: str,
    out: Path,
    group: str | None,
    language_column: str | None,
    resume: bool,
    joining: Joining | None,
    **settings: Any,
) -> None:
    """Fine-tune a base model on DATA and judge it on held-out rows."""
    config = FinetuneConfig(base=base, **settings)
    if joining is None:
        _check_folder(out, resume=resume)
    from sentiment.data import import_file
    from sentiment.training.finetune import finetune as train
    from sentiment.training.held_out import split_labeled, write_split

    dataset = import_file(data, text=text, label=label, group=group, language=language_column)
    labeled = None

    def opened() -> Any:
        nonlocal labeled
        if not resume:  # before anything is written: what does not allow a run leaves none behind
            check_settings(config)
            labeled = split_labeled(dataset, config)
        run = _open_run(out, dataset, config, resume=resume)
        if labeled is not None:
            write_split(run, labeled)  # for the other processes of the run
        return run

    with joined(joining, out) as team:
        run = team.open(opened, fingerprint=dataset.fingerprint)
        if run.state.status == "finished":
            click.echo(f"Run {run.info.name} has finished already: {run.state.message}")
            return
        stop = team.folder / "stop"
        stop.unlink(missing_ok=True)
        with Reporter(run, silent=not team.first) as reporter:
            state = train(run, dataset, labeled=labeled, on_state=reporter.show, should_stop=stop.exists)
        if team.first:
            click.echo(state.message)
            if warning := state.settings.get("warning"):
                click.echo(f"Note: {warning}", err=True)
            _print_held_out(run)
            if state.status == "finished":
                _print_learning(run, dataset)


@cli.command()
@click.argument("run_dir")
@DATA
@TEXT
@LABEL
@click.option("--json", "json_file", type=click.Path(path_type=Path), metavar="FILE", help="Write the report as JSON.")
def evaluate(run_dir: str, data: Path, text: str, label: str, json_file: Path | None) -> None:
    """Judge a run, or a base model with a head, on the labeled rows of DATA."""
    from sentiment.comparing import count_trained_on
    from sentiment.data import import_file
    from sentiment.evaluation import evaluate as judge
    from sentiment.files import write_json
    from sentiment.models.predictor import load_predictor

    predict = load_predictor(run_dir)
    labeled = import_file(data, text=text, label=label).labeled
    if labeled.empty:
        raise UsageError(f"No row of {data.name} has a label in the column {label!r}")
    report = judge(labeled["label"].tolist(), predict(labeled["text"].tolist()), classes=predict.classes)
    report["n_trained_on"] = count_trained_on(run_dir, labeled["text"])
    if report["n_trained_on"] is None:
        click.echo(f"Note: which texts {run_dir} was trained on is not known; its card names the corpora.", err=True)
    elif report["n_trained_on"]:
        click.echo(
            f"Note: {report['n_trained_on']} of these {len(labeled)} texts were used in training; "
            "figures on them flatter the model.",
            err=True,
        )
    click.echo(_report_text(report))
    if json_file is not None:
        write_json(json_file, report)


@cli.command()
@click.argument("recipe")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the base model; beside it, `learned` says which texts of the corpora it knows.",
)
def pretrain(recipe: str, out: Path) -> None:
    """Make a base model by its RECIPE, from the corpora."""
    from sentiment.training.recipes import RECIPES

    if recipe not in RECIPES:
        raise UsageError(f"There is no recipe {recipe!r}", expected=f"One of {', '.join(RECIPES)}")
    from sentiment.models.device import prepare_device
    from sentiment.training.pretrain import pretrain as make

    click.echo(f"Pretraining {recipe} on {prepare_device()}")
    make(recipe, out, on_progress=_print_progress)
    click.echo((out / "README.md").read_text(encoding="utf-8"))


def _check_folder(out: Path, *, resume: bool) -> None:
    if resume and not (out / "run.json").exists():
        raise RunError(f"There is no run in {out}", todo="Leave --resume away to start one")
    if not resume and (out / "run.json").exists():
        raise RunError(f"There is a run in {out} already", todo="Add --resume to go on with it, or name another folder")


def _check_settings_kept(out: Path, config: FinetuneConfig) -> None:
    """Refuses a setting that was given with --resume and is not the one that the run began with."""
    from sentiment.training.runs import Run

    context, began = click.get_current_context(), Run(out).info.config
    for option in context.command.params:
        name = str(option.name)
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE or not hasattr(began, name):
            continue
        given, had = getattr(config, name), getattr(began, name)
        if given != had:
            raise UsageError(
                f"{option.opts[0]} is {given}, but the run in {out} began with {'none' if had in (None, '') else had}",
                todo="Leave the option away to go on as it began, or start a new run in another folder",
            )


def _open_run(out: Path, dataset: Any, config: FinetuneConfig, *, resume: bool) -> Any:
    from sentiment.training.runs import Run, create_run, describe_run, new_id

    _check_folder(out, resume=resume)
    if resume:
        _check_settings_kept(out, config)
        return Run(out)
    name = f"{dataset.name}, {config.base_name}"
    return create_run(out, describe_run(dataset, config, run_id=new_id(), name=name, dataset_folder=None))


def _print_held_out(run: Any) -> None:
    """The report on the held-out rows, and the macro-F1 of the baselines beside it."""
    from sentiment.evaluation import evaluate as judge

    table = run.predictions()
    labels, classes = table["label"].tolist(), run.info.classes
    groups = table["group"] if run.info.group_column else None
    columns = [f"model:prob:{name}" for name in classes]
    report = judge(labels, table[columns].to_numpy(), classes=classes, groups=groups)
    click.echo(f"\nHeld out ({table['split'].iloc[0]}): {len(table)} rows\n{_report_text(report)}")
    for name in ("majority", "tfidf"):
        if f"{name}:prediction" in table:
            baseline = judge(labels, predictions=table[f"{name}:prediction"].tolist(), classes=classes, groups=groups)
            click.echo(f"{name:>10}  macro-F1 {100 * baseline['macro avg']['f1-score']:.1f}")


def _print_learning(run: Any, dataset: Any) -> None:
    """Measures what more labels would bring, once the result is told, and says it."""
    from sentiment.evaluation.growth_words import describe_learning
    from sentiment.training.learning_curve import measure_learning

    click.echo(f"\n{describe_learning(measure_learning(run, dataset))}")


def _report_text(report: dict[str, Any]) -> str:
    """The report as a table of percentages with 95 % intervals."""
    from sentiment.evaluation import TOO_FEW, rows_behind

    rows, behind = [], {line["class"]: line for line in report["per_class"]}
    for name in [*report["classes"], "macro avg", "weighted avg"]:
        cells = []
        for figure in ("precision", "recall", "f1-score"):
            if name in behind and rows_behind(behind[name], figure) < TOO_FEW:
                cells.append("too few rows")
                continue
            low, high = report["intervals"][name][figure]
            cells.append(f"{100 * report[name][figure]:.1f} ({100 * low:.0f} to {100 * high:.0f})")
        rows.append((name, *cells, str(int(report[name]["support"]))))
    low, high = report["intervals"]["accuracy"]
    accuracy = f"{100 * report['accuracy']:.1f} ({100 * low:.0f} to {100 * high:.0f})"
    rows.append(("accuracy", "", "", accuracy, str(report["n_examples"])))
    notes = "".join(f"\nNote: {warning}" for warning in report["warnings"])
    return table_text(("", "precision", "recall", "F1", "support"), rows) + notes


def _print_progress(progress: Any) -> None:
    if progress.kind == "validation":
        click.echo(
            f"step {progress.step}/{progress.total_steps}  validation loss {progress.loss:.4f}  "
            f"macro-F1 {100 * progress.macro_f1:.1f}"
        )
