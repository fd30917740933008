"""The listening test's server: the page, and HTTP around what listeners are asked (``asking.py``).

All sounds of a trial come with the same headers, and nothing is cached. No other site can answer
for a listener: the cookie goes with requests from this one only, answers must carry a header that
forms cannot send, and an Origin that is not this server's is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from wetprint.judging.listening.asking import Asking, ListeningTest, RefusedError
from wetprint.judging.listening.store import Store

COOKIE = "listener"
MARK = "x-wetprint"
MOST_BYTES = 16_384
PAGE = {
    "index.html": "text/html; charset=utf-8",
    "listening.css": "text/css; charset=utf-8",
    "answers.js": "text/javascript; charset=utf-8",
    "player.js": "text/javascript; charset=utf-8",
    "seam.js": "text/javascript; charset=utf-8",
    "waveform.js": "text/javascript; charset=utf-8",
    "trial.js": "text/javascript; charset=utf-8",
    "rating.js": "text/javascript; charset=utf-8",
    "main.js": "text/javascript; charset=utf-8",
}
"""The files of the page, and nothing else, by name."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def make_app(test: ListeningTest, store: Store, needs_code: bool) -> FastAPI:
    """Make the web application.

    Args:
        test: what is asked.
        store: where answers go.
        needs_code: whether listeners must have one of the store's codes.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    asking = Asking(test, store, needs_code)

    @app.exception_handler(RefusedError)
    def refused(request: Request, error: RefusedError) -> Response:
        return JSONResponse({"error": error.sentence}, error.status)

    @app.exception_handler(404)
    @app.exception_handler(405)
    def nothing(request: Request, error: Exception) -> Response:
        return JSONResponse({"error": "there is nothing at this address"}, 404)

    @app.middleware("http")
    async def same_headers(request: Request, call: Callable) -> Response:
        response = await call(request)
        response.headers.update(HEADERS)
        return response

    @app.get("/")
    def index() -> Response:
        return _page("index.html")

    @app.get("/page/{name}")
    def page(name: str) -> Response:
        return _page(name)

    @app.get("/api/test")
    def about(request: Request) -> Response:
        return JSONResponse(asking.about(_who(request, store)))

    @app.post("/api/join")
    async def join(request: Request) -> Response:
        listener, secret = asking.join(await _body(request))
        response = JSONResponse({"listener": listener})
        response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", max_age=30 * 86_400)
        return response

    @app.get("/api/next")
    def following(request: Request) -> Response:
        return JSONResponse(asking.next(_must(_who(request, store))))

    @app.get("/sound/{token}")
    def sound(token: str, request: Request) -> Response:
        listener = _must(_who(request, store))
        return Response(asking.sound(listener, token), media_type="audio/wav")

    @app.post("/api/answer")
    async def answer(request: Request) -> Response:
        body = await _body(request)
        return JSONResponse(asking.answer(_must(_who(request, store)), body))

    @app.get("/api/results")
    def results(request: Request) -> Response:
        return JSONResponse(asking.results(_must(_who(request, store))))

    return app


def _page(name: str) -> Response:
    if name not in PAGE:
        raise RefusedError(404, "there is nothing at this address")
    folder = resources.files("wetprint.judging.listening") / "page"
    return Response((folder / name).read_bytes(), media_type=PAGE[name])


def _who(request: Request, store: Store) -> int | None:
    return store.listener_of(request.cookies.get(COOKIE))


def _must(listener: int | None) -> int:
    if listener is None:
        raise RefusedError(401, "join the test first; reload the page")
    return listener


async def _body(request: Request) -> dict[str, Any]:
    """Read a JSON object, from this site's own page only, and no longer than it may be."""
    origin = request.headers.get("origin")
    if origin is not None and origin.split("://", 1)[-1] != request.headers.get("host"):
        raise RefusedError(403, "answers are taken from the test's own page only")
    if request.headers.get(MARK) != "1":
        raise RefusedError(403, "answers are taken from the test's own page only")
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise RefusedError(415, "expected JSON")
    heard = b""
    async for chunk in request.stream():
        heard += chunk
        if len(heard) > MOST_BYTES:
            raise RefusedError(413, f"expected at most {MOST_BYTES} bytes")
    try:
        body = json.loads(heard)
    except ValueError as error:
        raise RefusedError(422, "expected JSON") from error
    if not isinstance(body, dict):
        raise RefusedError(422, "expected a JSON object")
    return body
