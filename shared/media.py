"""Files with pictures or sound in time, opened for reading: only formats that hold everything themselves.

FFmpeg also opens text that names other files (playlists, lists for concatenation), as which a file of any name may turn
out. Such a file would be read in place of the one that was asked for, wherever it lies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.errors import InputRefused
from shared.shot import MAX_PIXELS

FORMATS = "wav,w64,aiff,caf,flac,mp3,aac,ogg,mov,matroska,avi,gif,mpegts,mxf"  # as FFmpeg calls them
OPTIONS = {
    "format_whitelist": FORMATS,
    "protocol_whitelist": "file",
    "enable_drefs": "0",  # of QuickTime reference movies
}
LIMITS = {"max_pixels": str(MAX_PIXELS)}  # of what decodes
READ = "WAV, AIFF, CAF, FLAC, MP3, AAC, Ogg, MP4, MOV, Matroska, WebM, AVI, GIF, MPEG-TS and MXF are read"


def open_media(path: Path, name: str, content: str) -> Any:
    """A container of PyAV. name: what the file is to be; content: what is sought in it; in words.

    Raises InputRefused naming the file.
    """
    import av

    try:
        return av.open(str(path), options=OPTIONS | LIMITS)
    except av.ArgumentError:  # what FFmpeg says of a format that is not on the list
        raise InputRefused(f"there is no {content} in it", file=path, cause=READ) from None
    except av.InvalidDataError:
        cause = "It is damaged, no such file at all, or was cut off before its index was written"
        remedy = "Copy it again; of a recording that was interrupted the camera may write the index"
        raise InputRefused(f"the {name} cannot be opened", file=path, cause=cause, remedy=remedy) from None
    except (OSError, av.FFmpegError) as error:
        raise InputRefused(f"the {name} cannot be opened", file=path, cause=str(error)) from None
