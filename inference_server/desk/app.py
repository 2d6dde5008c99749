"""All routes of the desk behind its guard."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from inference_server.desk import look, models, pages, paint, queue
from inference_server.desk.desk import Desk
from inference_server.desk.guard import Guard


def guarded(desk: Desk, key: str, port: int) -> ASGIApp:
    """The application: whoever has the secret `key` gets in. port: where it is asked."""
    routes = [*queue.routes(desk), *look.routes(desk), *paint.routes(desk), *models.routes(desk), *pages.routes()]
    app = Starlette(routes=routes, middleware=[Middleware(GZipMiddleware, compresslevel=4)])
    return Guard(app, key, port)
