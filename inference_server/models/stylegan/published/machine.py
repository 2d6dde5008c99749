"""A pickle is a program for a small machine. This is that machine without any of its powers.

It knows the instructions that the published programs write (protocols 2 to 5: Python's `pickletools` describes each),
and of names exact pairs of module and name that the caller lists, each with a function of ours that makes plain data of
the arguments; nothing is ever imported, called, or set on anything that lives outside the file. `pickle.Unpickler` with
a `find_class` of its own would not do: its instruction BUILD sets attributes on whatever function it was given, it
counts no steps, and copies every string of bytes, where a view is enough here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from shared.errors import ModelRefused

STEPS = 400_000  # instructions of one file; the published ones have 60,000 at most, whatever their size
LONG_TEXT = 1000  # bytes: from here on a text stays where it is, as `Text`
LONGEST_WHOLE = 64  # bytes of a whole number

Maker = Callable[[Sequence[Any]], Any]  # of the arguments of a call; raises ModelRefused
Known = Mapping[tuple[str, str], "Maker | None"]  # None: it may be named, not called


class Name:
    """What stands for something that the file names."""

    __slots__ = ("make", "where")

    def __init__(self, where: tuple[str, str], make: Maker | None) -> None:
        self.where, self.make = where, make

    def __str__(self) -> str:
        return ".".join(self.where)


class Text:
    """A long text, not read: the bytes of it."""

    __slots__ = ("raw",)

    def __init__(self, raw: memoryview) -> None:
        self.raw = raw


class Built:
    """What is made first and filled afterwards: `state` is what it is filled with."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: Any = None


class Steps:
    """How many instructions a file still has."""

    __slots__ = ("left",)

    def __init__(self, left: int = STEPS) -> None:
        self.left = left

    def take(self) -> None:
        self.left -= 1
        if self.left < 0:
            refuse(f"it has more than {STEPS:,} instructions, far more than a generator needs")


def refuse(why: str, remedy: str = "") -> NoReturn:
    raise ModelRefused("this is no generator that can be read safely", cause=why[:1].upper() + why[1:], remedy=remedy)


def read(
    data: memoryview, start: int, known: Known, steps: Steps, kept: Callable[[Any], Any] | None = None
) -> tuple[Any, int]:
    """The value of the pickle that begins at `start`, and where it ends.

    Bytes are views of the data. kept: makes plain data of a persistent id; None: there are none. Raises ModelRefused.
    """
    machine = _Machine(data, start, known, kept)
    instructions = INSTRUCTIONS
    try:
        while True:
            steps.take()
            code = data[machine.at]
            machine.at += 1
            if code == STOP:
                return machine.pop(), machine.at
            instruction = instructions.get(code)
            if instruction is None:
                refuse(f"it has the instruction {code:#04x} at byte {machine.at - 1:,}, which no training writes")
            instruction(machine)
    except (IndexError, struct.error):
        cut = machine.at >= len(data)
        refuse("it is cut short" if cut else f"it is damaged at byte {machine.at:,}", "Copy or download it again")
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):
        refuse(f"it is damaged at byte {machine.at:,}", "Copy or download it again")


class _Machine:
    __slots__ = ("at", "data", "kept", "known", "marks", "memo", "stack")

    def __init__(self, data: memoryview, at: int, known: Known, kept: Callable[[Any], Any] | None) -> None:
        self.data, self.at, self.known, self.kept = data, at, known, kept
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        if self.marks and self.marks[-1] >= len(self.stack):
            raise IndexError
        return self.stack.pop()

    def top(self) -> Any:
        return self.stack[-1]

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def marked(self) -> list[Any]:
        """What lies above the last mark."""
        start = self.marks.pop()
        above = self.stack[start:]
        del self.stack[start:]
        return above

    def bytes(self, length: int) -> memoryview:
        if length < 0 or length > len(self.data) - self.at:
            claimed = f"it claims {length:,} bytes at byte {self.at:,}, and has {len(self.data) - self.at:,} more"
            refuse(f"{claimed}: it is cut short or damaged", "Copy or download it again")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.bytes(struct.calcsize(form)))[0]

    def line(self) -> str:
        rest = bytes(self.data[self.at : self.at + LONG_TEXT])
        end = rest.index(b"\n")
        self.at += end + 1
        return rest[:end].decode("utf-8")

    def text(self, form: str) -> str | Text:
        raw = self.bytes(self.number(form))
        return Text(raw) if len(raw) > LONG_TEXT else str(raw, "utf-8", "surrogatepass")

    def name(self, module: Any, name: Any) -> Name:
        if not isinstance(module, str) or not isinstance(name, str):
            refuse("it names something by what is no name")
        where = (module, name)
        if where not in self.known:
            refuse(
                f"it names {module[:100]}.{name[:100]}, which no file of a generator needs",
                foreign(module) or "Nothing of it was run. It may be no generator, or one that does harm elsewhere",
            )
        return Name(where, self.known[where])

    def call(self, called: Any, arguments: Any) -> None:
        if not isinstance(called, Name) or called.make is None or not isinstance(arguments, tuple):
            refuse(f"it calls {called if isinstance(called, Name) else 'what is no name'}, which no training writes")
        self.push(called.make(arguments))

    def remember(self, number: int) -> None:
        self.memo[number] = self.top()

    def build(self) -> None:
        state, built = self.pop(), self.top()
        if isinstance(built, dict):  # attributes of one: nobody reads them
            return
        if not isinstance(built, Built):
            what = str(built) if isinstance(built, Name) else type(built).__name__
            refuse(f"it sets attributes of {what}, which no training writes")
        built.state = state

    def put(self, pairs: Sequence[Any]) -> None:
        table = self.top()
        if not isinstance(table, dict) or len(pairs) % 2:
            raise TypeError
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, str | int | float | None):  # a deep tuple would be hashed by recursion
                refuse(f"it has a table with a key that is a {type(key).__name__.lower()}")
            table[key] = value

    def extend(self, items: list[Any]) -> None:
        if not isinstance(self.top(), list):
            raise TypeError
        self.top().extend(items)

    def persistent(self) -> None:
        if self.kept is None:
            refuse("it holds references to elsewhere, which no file of this kind has")
        self.push(self.kept(self.pop()))


def foreign(module: str) -> str:
    """Whose files name this module, in words; empty for what nobody knows."""
    return next((words for start, words in FOREIGN.items() if module.partition(".")[0] == start), "")


FOREIGN = {
    "tfutil": "A Progressive GAN writes that: StyleGAN2, that of ada, and stylegan3 are read",
    "pg_modules": "A projected GAN or StyleGAN-XL writes that: StyleGAN2, that of ada, and stylegan3 are read",
    "stylegan2_pytorch": "lucidrains' stylegan2_pytorch writes that: StyleGAN2, that of ada, and stylegan3 are read",
    "torch": "Whole modules of torch are no generator of the published programs: give the file that training wrote",
    "jax": "A generator of JAX or Flax writes that, which is not read",
}


def _two(m: _Machine) -> None:
    name, module = m.pop(), m.pop()
    m.push(m.name(module, name))


def _call(m: _Machine) -> None:
    arguments, called = m.pop(), m.pop()
    m.call(called, arguments)


def _call_named(m: _Machine) -> None:
    named, arguments, called = m.pop(), m.pop(), m.pop()
    if named != {}:
        raise TypeError
    m.call(called, arguments)


def _tuple(count: int) -> Callable[[_Machine], None]:
    def made(m: _Machine) -> None:
        items = [m.pop() for _ in range(count)]
        m.push(tuple(reversed(items)))

    return made


def _whole(m: _Machine, length: int) -> None:
    if length > LONGEST_WHOLE:
        refuse(f"it has a whole number of {length:,} bytes")
    m.push(int.from_bytes(m.bytes(length), "little", signed=True))


STOP = 0x2E
INSTRUCTIONS: dict[int, Callable[[_Machine], Any]] = {
    0x80: lambda m: m.bytes(1),  # PROTO
    0x95: lambda m: m.bytes(8),  # FRAME
    0x28: lambda m: m.marks.append(len(m.stack)),  # MARK
    0x30: lambda m: m.pop(),  # POP
    0x31: lambda m: m.marked(),  # POP_MARK
    0x32: lambda m: m.push(m.top()),  # DUP
    0x4A: lambda m: m.push(m.number("<i")),  # BININT
    0x4B: lambda m: m.push(m.number("<B")),  # BININT1
    0x4D: lambda m: m.push(m.number("<H")),  # BININT2
    0x8A: lambda m: _whole(m, m.number("<B")),  # LONG1
    0x8B: lambda m: _whole(m, m.number("<I")),  # LONG4
    0x47: lambda m: m.push(m.number(">d")),  # BINFLOAT
    0x4E: lambda m: m.push(None),  # NONE
    0x88: lambda m: m.push(True),  # NEWTRUE
    0x89: lambda m: m.push(False),  # NEWFALSE
    0x8C: lambda m: m.push(m.text("<B")),  # SHORT_BINUNICODE
    0x58: lambda m: m.push(m.text("<I")),  # BINUNICODE
    0x8D: lambda m: m.push(m.text("<Q")),  # BINUNICODE8
    0x55: lambda m: m.push(m.bytes(m.number("<B"))),  # SHORT_BINSTRING, of Python 2
    0x54: lambda m: m.push(m.bytes(m.number("<I"))),  # BINSTRING
    0x43: lambda m: m.push(m.bytes(m.number("<B"))),  # SHORT_BINBYTES
    0x42: lambda m: m.push(m.bytes(m.number("<I"))),  # BINBYTES
    0x8E: lambda m: m.push(m.bytes(m.number("<Q"))),  # BINBYTES8
    0x96: lambda m: m.push(m.bytes(m.number("<Q"))),  # BYTEARRAY8
    0x5D: lambda m: m.push([]),  # EMPTY_LIST
    0x61: lambda m: m.extend([m.pop()]),  # APPEND
    0x65: lambda m: m.extend(m.marked()),  # APPENDS
    0x8F: lambda m: m.push([]),  # EMPTY_SET
    0x90: lambda m: m.extend(m.marked()),  # ADDITEMS
    0x91: lambda m: m.push(m.marked()),  # FROZENSET
    0x7D: lambda m: m.push({}),  # EMPTY_DICT
    0x73: lambda m: m.put([m.pop(), m.pop()][::-1]),  # SETITEM
    0x75: lambda m: m.put(m.marked()),  # SETITEMS
    0x29: lambda m: m.push(()),  # EMPTY_TUPLE
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    0x74: lambda m: m.push(tuple(m.marked())),  # TUPLE
    0x71: lambda m: m.remember(m.number("<B")),  # BINPUT
    0x72: lambda m: m.remember(m.number("<I")),  # LONG_BINPUT
    0x94: lambda m: m.remember(len(m.memo)),  # MEMOIZE
    0x68: lambda m: m.push(m.memo[m.number("<B")]),  # BINGET
    0x6A: lambda m: m.push(m.memo[m.number("<I")]),  # LONG_BINGET
    0x63: lambda m: m.push(m.name(m.line(), m.line())),  # GLOBAL
    0x93: _two,  # STACK_GLOBAL
    0x52: _call,  # REDUCE
    0x81: _call,  # NEWOBJ
    0x92: _call_named,  # NEWOBJ_EX
    0x62: lambda m: m.build(),  # BUILD
    0x51: lambda m: m.persistent(),  # BINPERSID
}
