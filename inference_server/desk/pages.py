"""The files of the page: what lies in `static`, listed once at the start. No path of a request reaches the disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

STATIC = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}


def routes() -> list[Route]:
    files = {"/" + path.relative_to(STATIC).as_posix(): path for path in STATIC.rglob("*") if path.suffix in KINDS}
    files["/"] = files.pop("/index.html")

    async def page(request: Request) -> Response:
        file = files.get(request.url.path)
        if file is None:
            return PlainTextResponse("There is no such page.\n", 404)
        content = file.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}  # asked for each time, sent when it is another one
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=KINDS[file.suffix])

    return [Route(path, page) for path in files]
