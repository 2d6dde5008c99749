"""Errors an artist can act on.

Every failure that reaches a person is a `SemrenderError`: what happened, where (file, layer, frame),
the likely cause and the remedy. The same object travels over the wire as plain data and becomes the
exit code of the command line, so Maya, After Effects and the shell all say the same words.
"""

from __future__ import annotations

import errno
import re
from typing import Any, Dict, Iterable, Optional, Tuple, Type

STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def readable(text: str) -> str:
    """The text with what cannot be told in UTF-8 (bytes of a file name in another encoding) written out: `\\xe4`.

    Likewise what steers a terminal, as a file of a stranger may name it; lines stay.
    """
    text = STEERS.sub(lambda found: ascii(found[0])[1:-1], text)
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape" if _from_bytes(text) else "backslashreplace").decode(
            "utf-8", "backslashreplace"
        )


def _from_bytes(text: str) -> bool:
    return all(0xDC80 <= ord(c) <= 0xDCFF for c in text if 0xD800 <= ord(c) <= 0xDFFF)


class SemrenderError(Exception):
    """Base of all errors with words for the artist.

    Args:
        what: what happened, one sentence without a full stop.
        file: the file concerned; layer, frame: where in the shot.
        cause: the likely cause, as far as it was tested.
        remedy: what to do about it.
    """

    code = "error"
    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        file: Optional[Any] = None,
        layer: Optional[str] = None,
        frame: Optional[int] = None,
        cause: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(what)
        self.what = readable(what)
        self.file = None if file is None else readable(str(file))
        self.layer = None if layer is None else readable(layer)
        self.frame = frame
        self.cause = readable(cause)
        self.remedy = readable(remedy)

    def __str__(self) -> str:
        place = []
        if self.layer is not None:
            place.append(f"layer {self.layer}")
        if self.frame is not None:
            place.append(f"frame {self.frame}")
        if self.file is not None:
            place.append(self.file)
        sentences = [self.what, self.cause, self.remedy]
        text = " ".join(s if s.endswith("?") else s.rstrip(".") + "." for s in sentences if s)
        return f"{', '.join(place)}: {text}" if place else text

    def located(
        self, *, file: Optional[Any] = None, layer: Optional[str] = None, frame: Optional[int] = None
    ) -> "SemrenderError":
        """Fill in places that the code which raised could not know; what is set stays."""
        if self.file is None and file is not None:
            self.file = readable(str(file))
        self.layer = self.layer if self.layer is not None else layer
        self.frame = self.frame if self.frame is not None else frame
        return self

    def to_dict(self) -> Dict[str, Any]:
        """The error as plain data for the wire and for `--json`."""
        fields = ("what", "file", "layer", "frame", "cause", "remedy")
        return {"code": self.code, **{name: getattr(self, name) for name in fields}}


class WrongArguments(SemrenderError):
    """A command line that means nothing."""

    code = "arguments"
    exit_code = 2


class InputRefused(SemrenderError):
    """A pass, shot, label set or model that cannot be used as it is.

    pixels: (H, W) bool, those of a pass that were refused, for who shows them in the picture; it does not travel.
    """

    code = "input"
    exit_code = 3
    pixels: Optional[Any] = None

    def showing(self, pixels: Any) -> "InputRefused":
        """The same with the pixels (H, W) bool that it is about."""
        self.pixels = pixels
        return self


class MissingInput(InputRefused):
    """A file or frame that is not there."""

    code = "missing"


class ModelRefused(InputRefused):
    """A checkpoint, card or option that does not fit."""

    code = "model"


class DiskFull(SemrenderError):
    """No space left where a frame was to be written; the queue waits until there is."""

    code = "disk"


def unwritable(error: OSError) -> Type[SemrenderError]:
    """The kind of error that a file which could not be written is told by."""
    return DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else SemrenderError


class FramesFailed(SemrenderError):
    """A job that ended with failed frames; the finished ones are on disk.

    errors: why they failed, each with its layer and frame, as far as a server tells them one by one.
    counts: pictures that are there, "painted", "kept" and "copied", where they were counted; they do not travel.
    """

    code = "frames"
    exit_code = 4
    errors: Tuple[SemrenderError, ...] = ()
    counts: Optional[Dict[str, int]] = None

    def with_frames(self, errors: Iterable[SemrenderError], counts: Optional[Dict[str, int]] = None) -> "FramesFailed":
        """The same with what became of its frames."""
        self.errors, self.counts = tuple(errors), counts
        return self

    def to_dict(self) -> Dict[str, Any]:
        """As of every error; with "errors" where they are told one by one."""
        more = {"errors": [one.to_dict() for one in self.errors]} if self.errors else {}
        return {**super().to_dict(), **more}


class Unpainted(FramesFailed):
    """A delivery was asked for of frames that are not there."""

    code = "unpainted"


class ServerError(SemrenderError):
    """No server, a lost server, or one that speaks another version."""

    code = "server"
    exit_code = 5


class MachineRefused(ServerError):
    """A machine of a farm that cannot paint a job as it is, where others may; it names the machine."""

    code = "machine"


class Interrupted(SemrenderError):
    """Stopped on request; what is finished stays."""

    code = "interrupted"
    exit_code = 130


def _subclasses(cls: Type[SemrenderError]) -> Dict[str, Type[SemrenderError]]:
    found = {cls.code: cls}
    for sub in cls.__subclasses__():
        found.update(_subclasses(sub))
    return found


def from_dict(data: Dict[str, Any]) -> SemrenderError:
    """Rebuild an error from the wire; an unknown code becomes the base class."""
    cls = _subclasses(SemrenderError).get(str(data.get("code")), SemrenderError)
    error = cls(
        str(data.get("what", "unknown error")),
        file=data.get("file"),
        layer=data.get("layer"),
        frame=data.get("frame"),
        cause=str(data.get("cause") or ""),
        remedy=str(data.get("remedy") or ""),
    )
    if isinstance(error, FramesFailed):
        error.with_frames(from_dict(one) for one in data.get("errors") or ())
    return error
