"""What a run made, brought to where its job wants it: painted there where this machine sees the folder, else sent.

Whether it sees it is found out by a file that it writes there and the other side finds. What lies over there already is
fetched before painting begins, so that nothing is painted again that another machine had finished.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from inference_server.farm.far import Far, below
from shared import places, protocol
from shared.errors import DiskFull, InputRefused, Interrupted, ServerError
from shared.shot import Shot
from shared.takes import key_of

TRIES = 3  # for a file that arrives damaged
ROOM_SECONDS = 1.0  # between two looks whether a full disk has room again


def sees_folder(far: Far, job: str, here: Path) -> bool:
    """Whether a job's output folder is the same as one here, and may be written to."""
    token = here / f".semrender-{os.urandom(16).hex()}"  # a name, which a full disk takes, too
    try:
        if not here.is_dir():
            return False
        token.touch()
        return bool(far.ask("token", {"job": job, "name": token.name})[0]["there"])
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            token.unlink()


class Returning:
    """The way back of one run. out: the folder of this machine that it is painted into; frames: of the run; held: told
    why what is painted cannot be brought over at present, and "" when it can again."""

    def __init__(
        self, far: Far, job: str, shot: Shot, out: Path, frames: Iterable[int], held: Callable[[str], None]
    ) -> None:
        numbers = [frame if shot.first >= 0 else frame - shot.first for frame in frames]  # as files are numbered
        self._far, self._job, self._out, self._held = far, job, out, held
        self._ask = {"job": job, "numbers": [min(numbers), max(numbers)]}
        self._numbers = set(numbers)
        self._sent: set[str] = set()

    def bring_kept(self) -> None:
        """Have what is finished over there here, too."""
        after = ""
        while True:
            page, _ = self._far.ask("results", {**self._ask, "after": after})
            for name, size, key in page["files"]:
                target = below(self._out, name)
                if target.is_file() and key_of(target) == key and (key or target.stat().st_size == size):
                    self._sent.add(name)
                elif key or name.startswith("prepared/"):
                    self._bring(name, target)
            after = page["next"]
            if not after:
                return

    def send(self, file: str) -> None:
        """A picture that is finished, its mattes before it. If another machine had it before, what that one has comes.

        Of a run that two machines paint from its two ends neither does then what the other one has done.
        """
        picture = self._out / file
        layer, number = picture.parent.name, picture.name.split(".")[-2]
        mattes = (self._out / "mattes" / layer).glob(f"*/*.{number}.png")
        for path in (*sorted(mattes), picture):
            if path == picture or key_of(path) == key_of(picture):
                met = self._send(path.relative_to(self._out).as_posix())
        if met:
            self.bring_kept()

    def send_prepared(self) -> None:
        """What models found out of layers, which the delivery reads."""
        for path in sorted(self._out.glob("prepared/*/*.npz")):
            self._send(path.relative_to(self._out).as_posix())

    def clear(self) -> None:
        """Nothing that was sent is needed here any more, but for what was prepared."""
        for name in self._sent:
            if not name.startswith("prepared/"):
                (self._out / name).unlink(missing_ok=True)

    def _bring(self, name: str, target: Path) -> None:
        beside = places.beside(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                for piece in self._far.pieces("fetch_result", {"job": self._job, "name": name}):
                    file.write(piece)
            beside.replace(target)
            self._sent.add(name)
        except InputRefused:  # it is not there any more
            pass
        except OSError as error:
            raise self._far.refused(f"cannot write what is painted ({error.strerror or error})", target) from error
        finally:
            beside.unlink(missing_ok=True)

    def _send(self, name: str) -> bool:
        """A full disk over there is full for all machines: this one waits, as the job says, until there is room.

        Whether another machine had sent it before.
        """
        why, before = "", False
        while name not in self._sent:
            try:
                before = self._carry(name)
            except DiskFull as error:
                if not why:
                    self._held(why := str(error))
                time.sleep(ROOM_SECONDS)
        if why:
            self._held("")
        return before

    def _carry(self, name: str) -> bool:
        content = (self._out / name).read_bytes()
        about: Mapping[str, Any] = {
            **{"job": self._job, "name": name, "size": len(content), "key": key_of(self._out / name) or ""},
            "sum": hashlib.sha256(content).hexdigest(),
        }
        for tried in range(TRIES):
            try:
                for offset in range(0, max(len(content), 1), protocol.CHUNK):
                    piece = content[offset : offset + protocol.CHUNK]
                    said, _ = self._far.ask("put_result", {**about, "offset": offset}, [piece])
                    if said["there"]:
                        self._sent.add(name)
                        return said["before"] is True
            except InputRefused as error:  # the server was begun again amid the file, or wants nothing more of the job
                if "has ended" in error.what:
                    raise Interrupted("the run is not wanted any more") from error
                if tried == TRIES - 1:
                    raise ServerError(f"{name} cannot be sent", cause=str(error)) from error
        raise ServerError(f"{name} cannot be sent", cause="The server never had the whole of it")
