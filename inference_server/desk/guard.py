"""Who gets in: only who opened the page with the secret of this start, from this machine, from a page of ours.

The secret is in the address that opens the desk and is exchanged for a cookie that no script can read and no other
site can send. A name in `Host` that is not this machine's own is a page of the web that had its name pointed here
(DNS rebinding); an `Origin` other than ours is a page that posts from elsewhere. Every answer carries a policy under
which the browser runs no script but our files.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost")  # by which it may be asked; an SSH tunnel has another port, not another name
ENTER = "/enter"
SAFE = ("GET", "HEAD")
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
AGAIN = "Open the desk with the address that `semrender desk` prints; it is another one after each start."


class Guard:
    """An ASGI application in front of another one.

    key: the secret of the address. port: names the cookie, since cookies do not know ports.
    """

    def __init__(self, app: ASGIApp, key: str, port: int) -> None:
        self._app = app
        self._key = key
        self._cookie = f"semrender-desk-{port}"
        self._pass = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only http is served")

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        answer = self._stranger(scope, headers)
        if answer is None and scope["path"] == ENTER:
            answer = self._enter(scope, headers)
        if answer is None and not self._known(headers):
            answer = _refused(scope, 401, "This browser was not let in.", AGAIN)
        await (answer or self._app)(scope, receive, guarded)

    def _stranger(self, scope: Scope, headers: Mapping[str, str]) -> Response | None:
        """A refusal for what no page of ours and no person would send, whatever cookie comes with it."""
        host = headers.get("host", "")
        if host.rpartition(":")[0] not in NAMES and host not in NAMES:
            return _refused(scope, 403, f"The desk is not called {host[:100]!r}.", "Ask for 127.0.0.1 or localhost.")
        origin = headers.get("origin")
        ours = origin == f"http://{host}"
        if (origin is not None and not ours) or (scope["method"] not in SAFE and not ours):
            return _refused(scope, 403, "This request comes from another site.", AGAIN)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and scope["path"] != ENTER:
            return _refused(scope, 403, "This request was made by another site.", AGAIN)
        return None

    def _enter(self, scope: Scope, headers: Mapping[str, str]) -> Response:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            return _refused(scope, 403, "The secret in this address is wrong.", AGAIN)
        # A link in another site's page led here: a strict cookie comes back only from a page of ours.
        elsewhere = headers.get("sec-fetch-site") == "cross-site"
        there = {"Refresh": "0; url=/"} if elsewhere else {"Location": "/"}
        answer = Response("", 200 if elsewhere else 303, there, "text/html")
        answer.set_cookie(self._cookie, self._pass, httponly=True, samesite="strict", path="/")
        return answer

    def _known(self, headers: Mapping[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self._pass.encode())


def _refused(scope: Scope, status: int, what: str, remedy: str) -> Response:
    if scope["path"].startswith("/api/"):
        body: dict[str, Any] = {"what": what, "remedy": remedy, "words": f"{what} {remedy}", "code": "stranger"}
        return JSONResponse({"error": body}, status)
    return PlainTextResponse(f"{what}\n{remedy}\n", status)
