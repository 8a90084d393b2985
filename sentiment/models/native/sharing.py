"""One operation's work in parts, done by the threads of XLA's own pool together with the one that called.

Whoever is free takes the next part. The caller takes parts too, and waits only for those that others have begun: so
nothing is held up where the pool is busy or has one thread. A job is the record of that, in memory that is freed by
whoever leaves last; a thread that comes late finds no part left.
"""

from typing import Any

from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from sentiment.models.native.simd import at, pointers

_API, _CONTEXT = 2, 3  # of a call (see `calls`): XLA's functions, and where it runs
_CREATE_ERROR, _DESTROY_ERROR, _SCHEDULE, _COUNT_THREADS = 6, 8, 17, 18  # of XLA's functions
_EXHAUSTED = 8  # XLA's number for what has run out
_USERS, _NEXT, _DONE, _PARTS, _CALL, _FAILED, _ASKED = range(7)  # of a job; what XLA is asked stands from _ASKED on
_WORDS = 11  # of eight bytes in a job
_ADDRESS = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()

TASK = types.void(types.CPointer(types.int64))  # what a thread of the pool runs: a function of a job
int64s = pointers(types.int64)  # words of eight bytes, at an address
# Only other compiled code calls what is compiled with this, never Python: half of the compiler's work.
within = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@intrinsic
def _allocate(typing: Any, n_words: Any) -> Any:
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        malloc = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_BYTES, [_ADDRESS]), "malloc")
        size = builder.mul(args[0], ir.Constant(_ADDRESS, 8))
        return builder.bitcast(builder.call(malloc, [size]), context.get_value_type(sig.return_type))

    return types.CPointer(types.int64)(types.int64), build


@intrinsic
def _question(typing: Any) -> Any:
    """Room on the stack for what XLA is asked, five words."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return cgutils.alloca_once(builder, _ADDRESS, size=5)

    return types.CPointer(types.int64)(), build


@intrinsic
def _free(typing: Any, pointer: Any) -> Any:
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        free = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [_BYTES]), "free")
        builder.call(free, [builder.bitcast(args[0], _BYTES)])
        return context.get_dummy_value()

    return types.void(pointer), build


@intrinsic
def _fetch_add(typing: Any, pointer: Any, index: Any, added: Any) -> Any:
    """What stood there before, in one go with adding to it."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", builder.gep(args[0], [args[1]]), args[2], "seq_cst")

    return types.int64(pointer, types.intp, types.int64), build


@intrinsic
def _ask(typing: Any, function: Any, question: Any) -> Any:
    """Calls one of XLA's functions, by its address; gives the address of an error, 0 for none."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], ir.FunctionType(_BYTES, [_BYTES]).as_pointer())
        return builder.ptrtoint(builder.call(pointer, [builder.bitcast(args[1], _BYTES)]), _ADDRESS)

    return types.int64(types.int64, question), build


@intrinsic
def _run(typing: Any, task: Any, job: Any) -> Any:
    """Calls the task of that address."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        function_type = ir.FunctionType(ir.VoidType(), [args[1].type])
        builder.call(builder.inttoptr(args[0], function_type.as_pointer()), [args[1]])
        return context.get_dummy_value()

    return types.void(types.int64, job), build


@intrinsic
def _address(typing: Any, pointer: Any) -> Any:
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], _ADDRESS)

    return types.int64(pointer), build


@intrinsic
def _message(typing: Any) -> Any:
    """The address of what an error says."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        text = cgutils.make_bytearray(b"There is not enough memory for a step of training\0")
        place = cgutils.global_constant(builder.module, "sentiment_message", text)
        return builder.ptrtoint(place, _ADDRESS)

    return types.int64(), build


def address_by(symbol: str) -> Any:
    """A function for compiled code that gives the address of a symbol: code that is kept must not hold one itself."""

    @intrinsic
    def address(typing: Any) -> Any:
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), [_ADDRESS.as_pointer()]), symbol
            )
            return builder.ptrtoint(function, _ADDRESS)

        return types.int64(), build

    return address


def name_address(symbol: str, address: int) -> None:
    """Lets compiled code that is loaded from now on find an address by the symbol."""
    binding.add_symbol(symbol, address)


@within
def count_threads(call):
    """Threads of the pool; 1 where there is none."""
    question = _question()
    question[0], question[1], question[2], question[3], question[4] = 32, 0, call[_CONTEXT], 0, 1
    question[3] = _address(question) + 8 * 4
    error = _ask(int64s(call[_API])[_COUNT_THREADS], question)
    n = max(1, question[4]) if error == 0 else 1
    if error != 0:
        _destroy_error(call, question, error)
    return n


@within
def _destroy_error(call, question, error):
    question[0], question[1], question[2] = 24, 0, error
    _ask(int64s(call[_API])[_DESTROY_ERROR], question)


@within
def share(call, n_parts, task):
    """Does a call's work of so many parts by the task of that address, here and by the pool's threads at once.

    Gives the address of an error, 0 for none.
    """
    job = _allocate(_WORDS)
    if _address(job) == 0:
        return _out_of_memory(call)
    job[_USERS], job[_NEXT], job[_DONE], job[_PARTS] = n_parts + 1, 0, 0, n_parts
    job[_CALL], job[_FAILED] = _address(call), 0
    question = at(job, _ASKED)
    for _ in range(n_parts - 1):
        question[0], question[1], question[2], question[3], question[4] = 40, 0, call[_CONTEXT], task, _address(job)
        error = _ask(int64s(call[_API])[_SCHEDULE], question)
        if error != 0:
            _destroy_error(call, question, error)
            _fetch_add(job, _USERS, -1)
    _run(task, job)
    while _fetch_add(job, _DONE, 0) < n_parts:  # those that others have begun
        pass
    failed = _fetch_add(job, _FAILED, 0)
    leave(job)
    return _out_of_memory(call) if failed else 0


@within
def _out_of_memory(call):
    """The address of an error that says so."""
    question = _question()
    question[0], question[1], question[2], question[3] = 32, 0, _message(), _EXHAUSTED
    return _ask(int64s(call[_API])[_CREATE_ERROR], question)


@within
def take(job):
    """The number of a part that nobody has begun; -1 if there is none."""
    part = _fetch_add(job, _NEXT, 1)
    return part if part < job[_PARTS] else -1


@within
def call_of(job):
    """The call that a job is for; it is there as long as a part is not done."""
    return int64s(job[_CALL])


@within
def parts_of(job):
    """How many parts a job has."""
    return job[_PARTS]


@within
def done(job):
    """Says that a part is."""
    _fetch_add(job, _DONE, 1)


@within
def fail(job):
    """Says that a part could not be done."""
    _fetch_add(job, _FAILED, 1)


@within
def leave(job):
    """Has no more to do with a job; whoever is the last frees it."""
    if _fetch_add(job, _USERS, -1) == 1:
        _free(job)
