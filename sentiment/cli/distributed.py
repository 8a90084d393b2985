"""Several processes that train one run together: their options, and the run folder that only the first one writes."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment.errors import RunError, SentimentError, UsageError
from sentiment.training.runs import Run

if TYPE_CHECKING:
    from sentiment.training.parallel import Placement

_SHARED_FILES = ("run.json", "state.json", "split.npz")


@dataclass(frozen=True)
class Joining:
    """How a process finds the others; what is None is read from the environment (see `parallel.join`)."""

    coordinator: str | None
    n_processes: int | None
    process: int | None


def distributed_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of a distributed run, which it gets as one argument `joining`."""

    @click.option("--distributed", is_flag=True, help="Train on all devices, with the other processes of the run.")
    @click.option("--coordinator", metavar="HOST:PORT", help="Address of process 0; or JAX_COORDINATOR_ADDRESS.")
    @click.option("--processes", type=int, help="How many processes take part; or JAX_NUM_PROCESSES.")
    @click.option("--process", type=int, help="Number of this process, from 0; or JAX_PROCESS_ID.")
    @functools.wraps(command)
    def packed(
        distributed: bool, coordinator: str | None, processes: int | None, process: int | None, **others: Any
    ) -> None:
        joining = Joining(coordinator, processes, process)
        if not distributed and joining != Joining(None, None, None):
            raise UsageError(
                "--coordinator, --processes and --process belong to a distributed run", todo="Add --distributed"
            )
        command(joining=joining if distributed else None, **others)

    return packed


@dataclass(frozen=True)
class Team:
    """This process among those that train a run.

    Attributes:
        folder: the run folder; outside the first process a copy that is thrown away.
        placement: the devices of all processes; None for one process on one device.
    """

    folder: Path
    placement: "Placement | None" = None

    @property
    def first(self) -> bool:
        """Whether this process writes and prints."""
        return self.placement is None or self.placement.first

    def open(self, opener: Callable[[], Run], *, fingerprint: str) -> Run:
        """The run that the first process opens, in every process.

        Args:
            opener: opens the run, in the first process alone.
            fingerprint: of the data that this process has read.

        Raises:
            UsageError: if the processes have read different data.
            RunError: if the first process could not open the run.
        """
        if self.placement is None:
            return opener()
        if not self.placement.same(fingerprint.encode()):
            raise UsageError("The processes of this run have read different data", expected="The same file for all")
        contents, refused = [b"" for _ in _SHARED_FILES], None
        if self.first:
            try:
                folder = opener().folder
                contents = [(folder / name).read_bytes() for name in _SHARED_FILES if (folder / name).exists()]
                contents += [b""] * (len(_SHARED_FILES) - len(contents))
            except SentimentError as error:
                refused = error  # the others must hear of it first
        contents = [self.placement.share(content) for content in contents]
        if refused is not None:
            raise refused
        if not contents[0]:
            raise RunError("Process 0 could not open the run", todo="See what it says")
        if not self.first:
            self.folder.mkdir()
            for name, content in zip(_SHARED_FILES, contents, strict=True):
                if content:
                    (self.folder / name).write_bytes(content)
        return Run(self.folder)


@contextmanager
def joined(joining: Joining | None, out: Path) -> Iterator[Team]:
    """This process's team while it trains: all who join, or itself alone."""
    if joining is None:
        yield Team(out)
        return
    from sentiment.training.parallel import join, own_folder, placed

    placement = join(coordinator=joining.coordinator, n_processes=joining.n_processes, process=joining.process)
    with own_folder(placement, out) as folder, placed(placement):
        yield Team(folder, placement)
