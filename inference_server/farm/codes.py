"""Codes by which machines join a farm: each works once, for an hour, and proves both sides to each other.

A code has 80 random bits, so that what is proved with it tells nothing of it: a guess costs 2^80 scrypts, offline too.
The proof (HMAC-SHA256) covers the fingerprint of the certificate that the connection's other end showed: who sits
between the two shows another, and no proof fits. A code is a file for its owner alone, used by deleting it.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import secrets
import time
from functools import lru_cache
from pathlib import Path

from inference_server.farm import certificates
from shared import places
from shared.errors import InputRefused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LENGTH = 16  # characters of 5 bits
SECONDS = 3600.0  # that a code is good for
TRIES = 10  # wrong ones, and every code is void
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1  # RFC 7914: 16 MiB, some 50 ms


def make() -> str:
    """A new code, in groups of four."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    kept = _folder() / f"{secrets.token_hex(8)}.json"
    places.write_json(kept, {"code": code, "until": time.time() + SECONDS})
    return written(code)


def written(code: str) -> str:
    return "-".join(code[place : place + 4] for place in range(0, LENGTH, 4))


def read(text: str) -> str:
    """A code as it was typed. Raises InputRefused."""
    code = re.sub(r"[\s-]", "", text).upper().translate(str.maketrans("OIL", "011"))
    if len(code) != LENGTH or set(code) - set(ALPHABET):
        raise InputRefused(
            "this is no code to join with",
            cause=f"A code has {LENGTH} letters and digits",
            remedy="`semrender serve --farm` prints one when it starts, `semrender farm code` another",
        )
    return code


@lru_cache(maxsize=64)
def secret_of(code: str, fingerprint: str) -> bytes:
    """What both sides prove that they know; of the code and the certificate that one side has and the other sees."""
    salt = b"semrender join 1 " + fingerprint.encode()
    return hashlib.scrypt(code.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P, dklen=32)


def proof(secret: bytes, role: str, *parts: str) -> str:
    """That the side of this role knows the secret and said these parts."""
    said = b"".join(len(part).to_bytes(8, "big") + part for part in (role.encode(), *(one.encode() for one in parts)))
    return hmac.new(secret, said, hashlib.sha256).hexdigest()


def proved(secret: bytes, claimed: str, role: str, *parts: str) -> bool:
    return hmac.compare_digest(proof(secret, role, *parts).encode(), claimed.encode())


def outstanding() -> dict[Path, str]:
    """The codes that are good now, by the file that is deleted to use one; those that are not are removed."""
    found = {}
    for file in sorted(_folder().glob("*.json")):
        about = places.read_json(file) or {}
        code, until = about.get("code"), about.get("until")
        if isinstance(code, str) and isinstance(until, (int, float)) and time.time() < until:
            found[file] = code
        else:
            file.unlink(missing_ok=True)
    return found


def use(file: Path) -> bool:
    """Whether the code was still there: of two who come at once, one has it."""
    try:
        file.unlink()
        return True
    except FileNotFoundError:
        return False


def void() -> None:
    """No code is good any more."""
    for file in _folder().glob("*.json"):
        with contextlib.suppress(FileNotFoundError):
            file.unlink()


def _folder() -> Path:
    return certificates.folder() / "codes"
