"""Files that were dropped on the page: a browser gives their content and not where they lie, so each is copied into a
folder of the desk's own. Nothing of it is looked at before all is there.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from inference_server.desk.asking import refused
from inference_server.desk.keeping import NAME, kept_folder
from shared import places
from shared.errors import DiskFull, InputRefused, MissingInput

FOLDER = "desk_dropped"
KEPT_SECONDS = 30 * 86400  # that copies are kept: jobs may be asked for again
MOST_FILES = 20_000
MOST_BYTES = 64 * 2**30  # of a file
MOST_DEPTH = 8
LEFT_FREE = 2**30  # bytes of the disk


class Drops:
    """Drops by name, each a folder."""

    def __init__(self) -> None:
        self._files: dict[str, int] = {}

    def begin(self) -> str:
        name = secrets.token_urlsafe(16)
        (kept_folder(FOLDER, KEPT_SECONDS) / name).mkdir()
        self._files[name] = 0
        return name

    def folder(self, drop: str) -> Path:
        """Raises MissingInput."""
        folder = places.home() / FOLDER / drop
        if not NAME.fullmatch(drop) or not folder.is_dir():
            raise MissingInput("this is not open any more", remedy="Open it again, or drop it again")
        return folder

    def forget(self, drop: str) -> None:
        """Nobody wants what came of it. Raises MissingInput."""
        shutil.rmtree(self.folder(drop), ignore_errors=True)
        self._files.pop(drop, None)

    def place(self, drop: str, name: str, size: int) -> Path:
        """Where a file goes, its folder made. name: relative, as the browser tells it. Raises in words."""
        folder = self.folder(drop)
        parts = name.split("/")
        for part in parts:
            if part in ("", ".", "..") or re.search(r"[\\:\x00-\x1f]", part) or len(part.encode()) > 255:
                raise InputRefused("a file has a name that is none", file=name[:200])
        if len(parts) > MOST_DEPTH:
            raise InputRefused("folders lie too deep in one another", file=name[:200], remedy="Drop the inner folder")
        if size > MOST_BYTES:
            raise InputRefused("the file is too large to be copied", file=name, remedy="Open it by its path")
        if shutil.disk_usage(folder).free < size + LEFT_FREE:
            raise DiskFull("no room is left to copy the file", file=folder, remedy="Open it by its path instead")
        self._files[drop] = self._files.get(drop, 0) + 1
        if self._files[drop] > MOST_FILES:
            raise InputRefused(f"more than {MOST_FILES} files were dropped", remedy="Open their folder by its path")
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def taking(drops: Drops) -> Callable[[Request], Awaitable[Response]]:
    """The route that takes a file: PUT with its bytes, `name` and `size` in the address."""

    async def take(request: Request) -> Response:
        try:
            size = request.query_params.get("size", "")
            if not size.isdecimal():
                raise InputRefused("a file has no size")
            name = request.query_params.get("name", "")
            path = await run_in_threadpool(drops.place, request.path_params["drop"], name, int(size))
            await _written(path, request, int(size))
            return JSONResponse({})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        except OSError as error:
            return refused(DiskFull("the file cannot be copied", file=name, cause=error.strerror or str(error)))
        except Exception as error:
            return refused(error)

    return take


async def _written(path: Path, request: Request, size: int) -> None:
    came = 0
    beside = places.beside(path)
    try:
        with beside.open("wb") as file:
            async for piece in request.stream():
                came += len(piece)
                if came > size:
                    break
                await run_in_threadpool(file.write, piece)
        if came != size:
            raise InputRefused("the file did not come whole", file=path.name, remedy="Drop it again")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
