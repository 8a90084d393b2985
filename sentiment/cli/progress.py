"""How a running fine-tuning shows itself: a bar on a terminal, plain lines in a log."""

import sys
import time
from types import TracebackType

import click
from tqdm import tqdm

from sentiment.training.runs import Run, RunState

_LOG_SECONDS = 5.0


class Reporter:
    """Shows the states of a run on stderr.

    Args:
        run: whose states they are.
        silent: show nothing, where another process does.
    """

    def __init__(self, run: Run, *, silent: bool = False) -> None:
        self._silent = silent
        self._terminal = sys.stderr.isatty() and not silent
        self._bar = tqdm(total=0, disable=not self._terminal, unit="step", leave=False)
        self._phase = ""
        self._said = time.monotonic()
        if not silent:
            click.echo(f"Run {run.info.name}", err=True)

    def show(self, state: RunState) -> None:
        """Shows one state; in a log, at most every five seconds within one phase."""
        if self._terminal:
            self._bar.total = state.total_steps
            self._bar.n = state.step
            self._bar.set_description(state.phase, refresh=False)
            if state.best_macro_f1 is not None:
                self._bar.set_postfix_str(f"macro-F1 {100 * state.best_macro_f1:.1f}", refresh=False)
            self._bar.refresh()
        elif self._silent:
            return
        elif state.phase != self._phase or time.monotonic() - self._said > _LOG_SECONDS:
            click.echo(self._line(state), err=True)
            self._phase, self._said = state.phase, time.monotonic()

    @staticmethod
    def _line(state: RunState) -> str:
        parts = [f"{state.elapsed:6.1f} s", state.phase or state.status]
        if state.total_steps:
            parts.append(f"step {state.step}/{state.total_steps}")
        if state.best_macro_f1 is not None:
            parts.append(f"best validation macro-F1 {100 * state.best_macro_f1:.1f}")
        return "  ".join(parts)

    def __enter__(self) -> "Reporter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
