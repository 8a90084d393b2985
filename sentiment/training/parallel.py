"""Training on several devices: batches are spread over them, weights stand on each.

The same compiled step serves one device, several, and several processes on one or many machines: where its arguments
lie tells the compiler which sums go over the network.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from sentiment.errors import UsageError

_AXIS = "data"
_START_SECONDS = 120
_LOST_SECONDS = 30  # after which a process that says nothing is given up, and the run with it


@dataclass(frozen=True)
class Placement:
    """Where batches and weights lie.

    Attributes:
        mesh: the devices along the one axis "data"; None for jax's default device alone.
    """

    mesh: Mesh | None = None

    @property
    def shared(self) -> bool:
        """Whether other processes take part."""
        return self.mesh is not None and jax.process_count() > 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and decides."""
        return not self.shared or jax.process_index() == 0

    @property
    def everywhere(self) -> NamedSharding | None:
        """The sharding of what stands on every device, for `jax.jit` and `jax.device_put`."""
        return None if self.mesh is None else NamedSharding(self.mesh, PartitionSpec())

    def rows(self, batch_size: int) -> int:
        """The batch size, rounded up to a multiple of the devices."""
        n_devices = 1 if self.mesh is None else self.mesh.size
        return -(-batch_size // n_devices) * n_devices

    def spread(self, batch: Any) -> Any:
        """A batch, each array [rows, …] of it, spread over the devices; every process gives the whole batch."""
        if self.mesh is None:
            return batch
        sharding = NamedSharding(self.mesh, PartitionSpec(_AXIS))
        return jax.tree.map(
            lambda array: jax.make_array_from_callback(array.shape, sharding, lambda index: array[index]), batch
        )

    def replicate(self, tree: Any) -> Any:
        """A copy of numpy arrays on every device; nothing that is done with it reaches the originals."""
        return jax.device_put(tree, self.everywhere, may_alias=False)

    def share(self, content: bytes) -> bytes:
        """What the first process gives, in every process; all must call it, and in the same order."""
        if not self.shared:
            return content
        size = int(multihost_utils.broadcast_one_to_all(np.uint32(len(content))))
        sent = np.frombuffer(content, np.uint8) if self.first else np.zeros(size, np.uint8)
        return np.asarray(multihost_utils.broadcast_one_to_all(sent), np.uint8).tobytes()

    def agree(self, answer: bool) -> bool:
        """The first process's answer, in every process."""
        return self.share(bytes([answer])) == bytes([True])

    def same(self, content: bytes) -> bool:
        """Whether every process gives the same."""
        if not self.shared:
            return True
        digest = np.frombuffer(sha256(content).digest(), np.uint32)
        digests = multihost_utils.process_allgather(digest)
        return bool((digests == digests[0]).all())


ONE_DEVICE = Placement()
_placement = ContextVar("placement", default=ONE_DEVICE)


def current_placement() -> Placement:
    """Where a `Trainer` trains that is not told: on one device, or as the `placed` around it says."""
    return _placement.get()


@contextmanager
def placed(placement: Placement) -> Iterator[None]:
    """Every `Trainer` that is made within trains there."""
    token = _placement.set(placement)
    try:
        yield
    finally:
        _placement.reset(token)


def all_devices() -> Placement:
    """A placement over all devices of all processes that have joined."""
    return Placement(Mesh(np.array(jax.devices()), (_AXIS,)))


def join(*, coordinator: str | None = None, n_processes: int | None = None, process: int | None = None) -> Placement:
    """Joins the other processes of a run, and returns the placement over all their devices.

    What is not given is read from `JAX_COORDINATOR_ADDRESS`, `JAX_NUM_PROCESSES` and `JAX_PROCESS_ID`; where nothing
    is given at all, this process is the only one. It must be called before anything is computed.

    Args:
        coordinator: address and port of the first process, "host:port".
        n_processes: how many take part.
        process: this one's number, from 0.

    Raises:
        UsageError: if something is missing or wrong, or the others don't answer within two minutes.
    """
    coordinator = coordinator or os.environ.get("JAX_COORDINATOR_ADDRESS")
    n_processes = _number("JAX_NUM_PROCESSES", n_processes)
    process = _number("JAX_PROCESS_ID", process)
    given = (coordinator, n_processes, process)
    if any(value is not None for value in given):
        if coordinator is None or n_processes is None or process is None:
            raise UsageError(
                "Of the coordinator, the number of processes and the number of this process some are missing",
                expected="All three, as options or as JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID",
            )
        _initialize(coordinator, n_processes, process)
    return all_devices()


@contextmanager
def own_folder(placement: Placement, folder: Path) -> Iterator[Path]:
    """The run folder in the first process; elsewhere one that is thrown away, so that only the first leaves files."""
    if placement.first:
        yield folder
    else:
        with TemporaryDirectory() as elsewhere:
            yield Path(elsewhere) / folder.name


def _initialize(coordinator: str, n_processes: int, process: int) -> None:
    if not 0 <= process < n_processes:
        raise UsageError(
            f"This process has the number {process}, of {n_processes}", expected=f"0 to {n_processes - 1}, each once"
        )
    if not coordinator.rpartition(":")[2].isdigit() or ":" not in coordinator:
        raise UsageError(f"The coordinator's address is {coordinator!r}", expected="host:port, such as 10.0.0.1:1234")
    try:
        jax.distributed.initialize(
            coordinator,
            n_processes,
            process,
            initialization_timeout=_START_SECONDS,
            heartbeat_timeout_seconds=_LOST_SECONDS,
            shutdown_timeout_seconds=_LOST_SECONDS,
        )
    except RuntimeError as error:
        raise UsageError(
            f"The other processes did not answer at {coordinator} ({str(error)[:120]})",
            todo="Start all of them within two minutes, with the same coordinator and number of processes",
        ) from error


def _number(variable: str, given: int | None) -> int | None:
    text = os.environ.get(variable)
    if given is not None or text is None:
        return given
    if not text.isdigit():
        raise UsageError(f"{variable} is {text!r}", expected="A whole number")
    return int(text)
