"""A campaign of damaged generator files, in a process that notices whatever is executed.

    python -m tests.inference_server.mutations FILE [COUNT] [SEED]

Each of COUNT copies of the file is changed in some place of its instructions: bytes, lengths, pieces moved, and pieces
of other pickles put in. It is then read to the end, numbers too, as `looking` does it. Prints what came of them as
JSON: how many were read, how many refused, what else was raised, what was executed, and how much memory was taken.
"""

import json
import random
import resource
import struct
import sys
from collections import Counter
from pathlib import Path

from inference_server.models import archive
from inference_server.models.stylegan.published import looking
from shared.errors import SemrenderError

HARMFUL = (
    "os.",
    "subprocess.",
    "exec",
    "compile",
    "import",
    "pickle.",
    "open",
    "socket.",
    "ctypes.",
    "shutil.",
    "code.",
)
PIECES = (
    b"cos\nsystem\n(X\x04\x00\x00\x00truetR0",
    b"\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R0",
    b"cbuiltins\nexec\n(X\x04\x00\x00\x00passtR0",
    b"ctorch._utils\n_rebuild_tensor_v2\n}X\x0c\x00\x00\x00__defaults__NsbR",
    b"}(\x8c\x01a]\x8c\x01bhK\x00u",
    b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x8b\xff\xff\xff\x7f",
    b"r\xff\xff\xff\xff",
    b"2" * 50,
    b"(((((ttttt",
    b")\x81}b",
    b"R",
    b"b",
    b"\x93",
    b"Q",
    b"0",
)


def changed(data, where, chance):
    """A copy with one to four changes. where: byte ranges of its instructions."""
    copy = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        start, end = chance.choice(where)
        at = chance.randrange(start, min(end, len(copy)) or 1) if start < len(copy) else chance.randrange(len(copy))
        kind = chance.randrange(7)
        if kind == 0:
            copy[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            copy[at] = chance.randrange(256)
        elif kind == 2:
            copy[at:at] = chance.choice(PIECES)
        elif kind == 3:
            copy[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 255, 2**31, 2**32 - 1, chance.randrange(2**16))))
        elif kind == 4:
            del copy[at : at + chance.randrange(1, 64)]
        elif kind == 5:
            other = chance.randrange(len(copy))
            copy[at : at + 16] = copy[other : other + 16]
        else:
            piece = chance.choice(PIECES)
            copy[at : at + len(piece)] = piece
    return bytes(copy)


def instructions(data):
    """Ranges of the file that hold few zeros, where names and instructions are, not numbers."""
    step = 64
    found = [
        n for n in range(0, len(data), step) if sum(map(str.isprintable, data[n : n + step].decode("latin1"))) > 36
    ]
    return [(n, n + step) for n in found] or [(0, len(data))]


def main(path, count=1000, seed=0):
    data = Path(path).read_bytes()
    where, chance = instructions(data), random.Random(seed)
    entries = archive.parts(Path(path)) if archive.is_archive(Path(path)) else None
    executed, outcome, others = [], Counter(), Counter()
    reading = False

    def heard(event, arguments):
        if reading and event.startswith(HARMFUL):
            executed.append(f"{event} {arguments!r}"[:200])

    def once(content):
        nonlocal reading
        reading = True
        try:
            for weight in looking.look(memoryview(content), entries).weights.values():
                weight.numbers()
            return "read"
        except SemrenderError:
            return "refused"
        except Exception as error:
            others[type(error).__name__] += 1
            return "other"
        finally:
            reading = False

    assert once(data) == "read"
    sys.addaudithook(heard)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(count):
        outcome[once(changed(data, where, chance))] += 1
    taken = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    result = {"executed": executed[:20], "taken": taken, "size": len(data), "others": dict(others), **outcome}
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
