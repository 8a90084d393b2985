"""Loops of training in machine code of their own, for what XLA is slow at on a CPU.

Two things take most of a step's time where XLA does them its general way: adding up the gradients of the few windows
that a maximum runs through, number by number, and a recurrence whose every step is a dozen small programs. Here each is
one loop, compiled by numba and called by XLA's programs like any other operation (its foreign function interface).

XLA's own way stays for everything else: other devices, a step that is spread over several of them, shapes that do not
fit, and prediction, which gains little and would load a compiler for it.
"""

import jax

__all__ = ["allow", "in_use"]

_allowed = False


def allow() -> None:
    """Lets this process use them: programs that are traced from now on, not those that are there."""
    global _allowed
    _allowed = True


def in_use() -> bool:
    """Whether what is traced now may call them: where it is allowed, on one CPU device alone."""
    return _allowed and jax.default_backend() == "cpu" and jax.device_count() == 1
