"""Several float32 at a time, for the compiled loops of `kernels`: sixteen with AVX-512, else eight.

What the compiler makes of a plain loop depends on whether it can prove that its arrays do not overlap; of nine table
rows and two results it cannot, and adds them up through memory, one load and one store per term. These few operations
say it in vectors, so sums stay in registers. The compiler splits a vector into what the processor has: one register of
AVX-512 or of AVX, two of NEON; nothing here is of one processor's instruction set. Channels are filled up to a multiple
of the width, and the convolutions pay for what is filled: a processor without AVX-512 gains nothing by sixteen.

Arrays are flat and dense: float32, or bfloat16 stored as uint16, the upper half of a float32, rounded to nearest even.
"""

from __future__ import annotations

from llvmlite import ir
from llvmlite.binding import get_host_cpu_name
from numba import types
from numba.core.datamodel import models
from numba.core.registry import cpu_target
from numba.extending import intrinsic, register_model

# What loops are compiled for tells their copies on disk apart, so the width must follow from it alone. Where another
# processor is named (NUMBA_CPU_NAME), the features beside it are still those of this one.
_, PROCESSOR, FEATURES = cpu_target.target_context.codegen().magic_tuple()
WIDTH = 16 if "+avx512f" in FEATURES and get_host_cpu_name() == PROCESSOR else 8
FLOATS = ir.VectorType(ir.FloatType(), WIDTH)
WORDS = ir.VectorType(ir.IntType(32), WIDTH)
HALVES = ir.VectorType(ir.IntType(16), WIDTH)


class Lanes(types.Type):
    def __init__(self):
        super().__init__(name="Lanes")


lanes = Lanes()


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    def __init__(self, manager, numba_type):
        super().__init__(manager, numba_type, FLOATS)


def words(number):
    return ir.Constant(WORDS, [number] * WIDTH)


def pointer_to(kind, context, builder, array_type, array, index):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


@intrinsic
def load(typing, array, index):
    """array[index : index + WIDTH]."""

    def make(context, builder, signature, arguments):
        half = signature.args[0].dtype == types.uint16
        place = pointer_to(HALVES if half else FLOATS, context, builder, signature.args[0], *arguments)
        found = builder.load(place, align=2 if half else 4)
        return builder.bitcast(builder.shl(builder.zext(found, WORDS), words(16)), FLOATS) if half else found

    return lanes(array, types.int64), make


@intrinsic
def store(typing, array, index, value):
    """array[index : index + WIDTH] = value."""

    def make(context, builder, signature, arguments):
        array_value, index_value, result = arguments
        half = signature.args[0].dtype == types.uint16
        if half:
            bits = builder.bitcast(result, WORDS)
            odd = builder.and_(builder.lshr(bits, words(16)), words(1))
            rounded = builder.add(builder.add(bits, words(0x7FFF)), odd)
            result = builder.trunc(builder.lshr(rounded, words(16)), HALVES)
        place = pointer_to(result.type, context, builder, signature.args[0], array_value, index_value)
        builder.store(result, place, align=2 if half else 4)
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), make


@intrinsic
def add(typing, a, b):
    return lanes(lanes, lanes), lambda _, builder, __, arguments: builder.fadd(*arguments)


@intrinsic
def multiply(typing, a, b):
    return lanes(lanes, lanes), lambda _, builder, __, arguments: builder.fmul(*arguments)


@intrinsic
def multiply_add(typing, a, b, c):
    """a * b + c, rounded once where the processor can."""

    def make(_, builder, __, arguments):
        a, b, c = arguments
        return builder.fadd(builder.fmul(a, b, flags=["contract"]), c, flags=["contract"])

    return lanes(lanes, lanes, lanes), make


@intrinsic
def largest(typing, a, b):
    def make(_, builder, __, arguments):
        a, b = arguments
        return builder.select(builder.fcmp_ordered(">", a, b), a, b)

    return lanes(lanes, lanes), make


@intrinsic
def smallest(typing, a, b):
    def make(_, builder, __, arguments):
        a, b = arguments
        return builder.select(builder.fcmp_ordered("<", a, b), a, b)

    return lanes(lanes, lanes), make


def every(builder, factor):
    one = builder.insert_element(ir.Constant(FLOATS, ir.Undefined), factor, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, words(0))


@intrinsic
def times(typing, a, factor):
    """Every lane times one float32."""

    def make(_, builder, __, arguments):
        return builder.fmul(arguments[0], every(builder, arguments[1]))

    return lanes(lanes, types.float32), make


@intrinsic
def multiply_add_number(typing, a, factor, c):
    """a * factor + c for one float32, rounded once where the processor can."""

    def make(_, builder, __, arguments):
        a, factor, c = arguments
        product = builder.fmul(a, every(builder, factor), flags=["contract"])
        return builder.fadd(product, c, flags=["contract"])

    return lanes(lanes, types.float32, lanes), make


@intrinsic
def zeros(typing):
    return lanes(), lambda *_: ir.Constant(FLOATS, [0.0] * WIDTH)


@intrinsic
def total(typing, a):
    """The sum of the lanes, always in the same order: halves onto halves."""

    def make(_, builder, __, arguments):
        (value,) = arguments
        half = WIDTH // 2
        while half:
            upper = ir.Constant(WORDS, [min(lane + half, WIDTH - 1) for lane in range(WIDTH)])
            value = builder.fadd(value, builder.shuffle_vector(value, value, upper))
            half //= 2
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return types.float32(lanes), make
