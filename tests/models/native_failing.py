"""An operation of which one part fails, as where memory runs out."""

import jax

from sentiment.models.native.calls import is_question, operation, task_symbol
from sentiment.models.native.sharing import address_by, call_of, done, fail, leave, parts_of, share, take, within

_NAME = "tests_failing"
_task_address = address_by(task_symbol(_NAME))


@within
def _do(call, part, n_parts):
    if part == n_parts - 1:
        raise MemoryError


def _task(job):
    part = take(job)
    while part >= 0:
        try:
            _do(call_of(job), part, parts_of(job))
        except Exception:  # noqa: BLE001 as the operations of the product do
            fail(job)
        done(job)
        part = take(job)
    leave(job)


def _answer(call):
    return 0 if is_question(call) else share(call, 5, _task_address())


operation(_NAME, task=_task, answer=_answer)


def failing(numbers):
    return jax.ffi.ffi_call(_NAME, jax.ShapeDtypeStruct(numbers.shape, numbers.dtype))(numbers)
