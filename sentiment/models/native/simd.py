"""Eight floats as one value in functions that numba compiles: what processors calculate with at once.

numba leaves it to LLVM to find loops that can be done eight at a time, which it does not in a matrix product or where
many arrays might overlap. A `Float8` says so outright. LLVM makes of it what the processor has.
"""

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

LANES = 8
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_ALIGNED = 4  # bytes; arrays begin where a float may


class Float8(types.Type):
    """The type of eight floats; +, -, * and / work on two of them, number by number."""

    def __init__(self) -> None:
        super().__init__(name="Float8")


float8 = Float8()


@register_model(Float8)
class _Float8Model(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _VECTOR)


@infer_global(operator.add)
@infer_global(operator.sub)
@infer_global(operator.mul)
@infer_global(operator.truediv)
class _Arithmetic(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(float8, float8, float8) if args == (float8, float8) else None


def _lower(operation: Any, instruction: str) -> None:
    @lower_builtin(operation, float8, float8)
    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args, flags=("contract", "nsz"))


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _lower(_operation, _instruction)


def _place(builder: Any, pointer: Any, index: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [index]), _VECTOR.as_pointer())


@intrinsic
def load8(typing: Any, pointer: Any, index: Any) -> Any:
    """The eight floats from `index` on."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        value = builder.load(_place(builder, *args))
        value.align = _ALIGNED
        return value

    return float8(pointer, types.intp), build


@intrinsic
def store8(typing: Any, pointer: Any, index: Any, value: Any) -> Any:
    """Puts eight floats to `index` and after it."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.store(args[2], _place(builder, *args[:2])).align = _ALIGNED
        return context.get_dummy_value()

    return types.void(pointer, types.intp, float8), build


@intrinsic
def all8(typing: Any, number: Any) -> Any:
    """Eight times the same float."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(undefined, args[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))

    return float8(types.float32), build


@intrinsic
def multiply_add(typing: Any, one: Any, other: Any, added: Any) -> Any:
    """The sum one * other + added, in one instruction where there is one."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        function_type, name = ir.FunctionType(_VECTOR, [_VECTOR] * 3), f"llvm.fmuladd.v{LANES}f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, function_type, name), args)

    return float8(float8, float8, float8), build


@intrinsic
def clamp(typing: Any, number: Any, lowest: Any, highest: Any) -> Any:
    """Numbers within bounds, eight times; what is not a number stays so."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        number, lowest, highest = args
        number = builder.select(builder.fcmp_ordered("<", number, lowest), lowest, number)
        return builder.select(builder.fcmp_ordered(">", number, highest), highest, number)

    return float8(float8, float8, float8), build


@intrinsic
def pointer_to(typing: Any, array: Any) -> Any:
    """Where the numbers of an array begin, for as long as the array is there: see `keep`."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), build


def pointers(number_type: Any) -> Any:
    """A function for compiled code that makes a pointer to such numbers of an address."""

    @intrinsic
    def pointer(typing: Any, address: Any) -> Any:
        def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return types.CPointer(number_type)(types.int64), build

    return pointer


@intrinsic
def at(typing: Any, pointer: Any, index: Any) -> Any:
    """A pointer to a number behind the first."""

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.intp), build


@intrinsic
def keep(typing: Any, array: Any) -> Any:
    """Does nothing, after the last use of a pointer to an array.

    numba frees an array after the last line that names it, and a pointer does not.
    """

    def build(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.get_dummy_value()

    return types.void(array), build
