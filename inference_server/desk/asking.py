"""A route is a plain function: it gets what was asked, returns plain data or a response, and raises errors in words.

It runs in a thread of its own, so that a disk or a server that takes its time keeps nobody else waiting.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.command import unforeseen
from shared.errors import InputRefused, MissingInput, SemrenderError, ServerError
from shared.values import Value

MAX_BODY = 2**20  # bytes of a request; files come by a way of their own

Body = dict[str, Any]


class Asked(Value):
    """path: the names in the address; query: after its question mark; body: the JSON that was posted; seen: the tag of
    what the browser has of it already."""

    path: Mapping[str, Any]
    query: Mapping[str, str]
    body: Body
    seen: str = ""

    def text(self, name: str, longest: int = 4096) -> str:
        """A text of the body. Raises InputRefused."""
        value = self.body.get(name)
        if not isinstance(value, str) or len(value) > longest or "\0" in value:
            raise InputRefused(f'"{name}" is no text')
        return value

    def part(self, name: str) -> float:
        """A number of the query from 0 to 1. Raises InputRefused."""
        try:
            value = float(self.query.get(name, ""))
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            raise InputRefused(f'"{name}" is no number from 0 to 1')
        return value


Work = Callable[[Asked], Any]


def get(path: str, work: Work) -> Route:
    return Route(path, _endpoint(work), methods=["GET"])


def post(path: str, work: Work) -> Route:
    return Route(path, _endpoint(work), methods=["POST"])


def _endpoint(work: Work) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            body = await _body(request)
            seen = request.headers.get("if-none-match", "")
            asked = Asked(request.path_params, request.query_params, body, seen)
            made = await run_in_threadpool(work, asked)
            return made if isinstance(made, Response) else JSONResponse(made)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody hears it
        except Exception as error:
            return refused(error)

    return answer


async def _body(request: Request) -> Body:
    read = bytearray()
    async for piece in request.stream():
        read += piece
        if len(read) > MAX_BODY:
            raise InputRefused("the request is too long")
    if not read:
        return {}
    try:
        body = json.loads(read)
    except (ValueError, RecursionError) as error:
        raise InputRefused("the request is no JSON") from error
    if not isinstance(body, dict):
        raise InputRefused("the request is no JSON object")
    return body


def frame_of(value: Any) -> int:
    """A frame's number, of the query or of a body. Raises InputRefused."""
    text = str(value)
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise InputRefused("a frame is a whole number")
    return int(text)


def told(error: SemrenderError) -> Body:
    """An error as the page shows it: its parts, and all of it in `words`."""
    return {**error.to_dict(), "words": str(error)}


def refused(error: Exception) -> Response:
    """The answer to a request that raised. What nobody foresaw is in the report that its words name."""
    words = error if isinstance(error, SemrenderError) else unforeseen(error)
    status = 500
    for kind, code in ((ServerError, 503), (MissingInput, 404), (InputRefused, 422)):
        if isinstance(words, kind):
            status = code
            break
    return JSONResponse({"error": told(words)}, status)
