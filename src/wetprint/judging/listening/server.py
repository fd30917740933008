"""The listening test's server: what the page asks for, and nothing that gives an answer away.

A trial's sounds lie under addresses that are drawn anew for every look at the trial, are good for
one download by one listener, and differ in nothing but the sound: same length, same headers, no
cache. Answers are judged here, and no result leaves before a listener's last trial. No other site
can answer for a listener: the cookie goes with requests from this one only, answers must carry a
header that forms cannot send, and an Origin that is not this server's is refused.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from wetprint.errors import ListeningError
from wetprint.judging.listening.passages import Passage
from wetprint.judging.listening.plan import A, B, Trial, make_plan
from wetprint.judging.listening.results import summarise
from wetprint.judging.listening.sounds import peaks, sound_of, wav_bytes
from wetprint.judging.listening.store import Store

COOKIE = "listener"
MARK = "x-wetprint"
MOST_BYTES = 16_384
LONGEST_NAME = 80
MOST_ADDRESSES = 4096
"""Of sounds that nobody has fetched yet; the oldest are forgotten first."""

SECONDS_BESIDE_LISTENING = 8.0
LISTENED_TIMES = 3.0
"""How often a passage is heard in one trial, and what it takes to answer, for telling how long."""

PAGE = {
    "index.html": "text/html; charset=utf-8",
    "listening.css": "text/css; charset=utf-8",
    "answers.js": "text/javascript; charset=utf-8",
    "player.js": "text/javascript; charset=utf-8",
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

QUESTIONS = {
    "abx": "X is either A or B. Which one?",
    "closer": "Is X closer to A or to B?",
    "rating": "How like the reference does each sound?",
}


@dataclass(frozen=True)
class ListeningTest:
    """A test as it was set up.

    Attributes:
        title: of the page.
        passages: prepared.
        kinds: of trials, in their order.
        trials: of each kind but ratings.
        training: trials whose answer is told.
        seed: of every plan.
    """

    title: str
    passages: Sequence[Passage]
    kinds: Sequence[str]
    trials: int
    training: int
    seed: int

    def plan(self, listener: int) -> list[Trial]:
        """Return what a listener is asked."""
        return make_plan(self.passages, self.kinds, self.trials, self.training, self.seed, listener)

    def described(self) -> dict[str, Any]:
        """Return what makes it this test and no other, as plain values; it tells no answer."""
        return {
            "title": self.title,
            "kinds": list(self.kinds),
            "trials": self.trials,
            "training": self.training,
            "seed": self.seed,
            "passages": [
                {
                    "effect": each.effect,
                    "name": each.name,
                    "models": list(each.models),
                    "seconds": round(each.wet.shape[-1] / each.sample_rate, 3),
                    "sample_rate": each.sample_rate,
                }
                for each in self.passages
            ],
        }

    def describe(self, passage: int) -> tuple[str, str]:
        """Return effect and name of a passage."""
        return self.passages[passage].effect, self.passages[passage].name


@dataclass
class _Addresses:
    """Sounds that were offered and not yet fetched."""

    known: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def new(self, listener: int, number: int, label: str) -> str:
        token = secrets.token_urlsafe(24)
        with self.lock:
            self.known[token] = (listener, number, label)
            while len(self.known) > MOST_ADDRESSES:
                self.known.pop(next(iter(self.known)))
        return token

    def taken(self, token: str, listener: int) -> tuple[int, str] | None:
        with self.lock:
            owner, number, label = self.known.get(token, (None, 0, ""))
            if owner != listener:
                return None
            self.known.pop(token)
        return number, label


class _RefusedError(Exception):
    """A request that is answered with a sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


def make_app(test: ListeningTest, store: Store, needs_code: bool) -> FastAPI:
    """Make the web application.

    Args:
        test: what is asked.
        store: where answers go.
        needs_code: whether listeners must have one of the store's codes.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    addresses, handle = _Addresses(), _Handlers(test, store, needs_code)

    @app.exception_handler(_RefusedError)
    def refused(request: Request, error: _RefusedError) -> Response:
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
        return JSONResponse(handle.about(_who(request, store)))

    @app.post("/api/join")
    async def join(request: Request) -> Response:
        listener, secret = handle.join(await _body(request))
        response = JSONResponse({"listener": listener})
        response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", max_age=30 * 86_400)
        return response

    @app.get("/api/next")
    def following(request: Request) -> Response:
        return JSONResponse(handle.next(_must(_who(request, store)), addresses))

    @app.get("/sound/{token}")
    def sound(token: str, request: Request) -> Response:
        listener = _must(_who(request, store))
        found = addresses.taken(token, listener)
        if found is None:
            raise _RefusedError(404, "this sound was fetched already; reload the page")
        return Response(handle.sound(listener, *found), media_type="audio/wav")

    @app.post("/api/answer")
    async def answer(request: Request) -> Response:
        body = await _body(request)
        return JSONResponse(handle.answer(_must(_who(request, store)), body))

    @app.get("/api/results")
    def results(request: Request) -> Response:
        return JSONResponse(handle.results(_must(_who(request, store))))

    return app


def about_test(test: ListeningTest) -> dict[str, Any]:
    """Return what the first screen says of a test, as plain values."""
    seconds = [each.wet.shape[-1] / each.sample_rate for each in test.passages]
    asked = len(test.plan(0))
    each_s = LISTENED_TIMES * sum(seconds) / len(seconds) + SECONDS_BESIDE_LISTENING
    return {
        "title": test.title,
        "kinds": list(test.kinds),
        "trials": asked - test.training,
        "training_trials": test.training,
        "minutes_estimated": max(1, round(asked * each_s / 60.0)),
        "passages": len(test.passages),
    }


class _Handlers:
    """What the requests come to."""

    def __init__(self, test: ListeningTest, store: Store, needs_code: bool):
        self.test, self.store, self.needs_code = test, store, needs_code

    def about(self, listener: int | None) -> dict[str, Any]:
        return {
            **about_test(self.test),
            "needs_code": self.needs_code,
            "joined": listener is not None,
        }

    def join(self, body: dict[str, Any]) -> tuple[int, str]:
        name, code = body.get("name", ""), body.get("code")
        if not isinstance(name, str) or len(name) > LONGEST_NAME:
            raise _RefusedError(422, f"expected a name of at most {LONGEST_NAME} characters")
        if code is not None and not isinstance(code, str):
            raise _RefusedError(422, "expected a code of letters and digits")
        try:
            listener, secret = self.store.join(name.strip(), code and code.strip())
        except ListeningError as error:
            raise _RefusedError(403, str(error)) from error
        self.store.plan(listener, self.test.plan(listener))
        return listener, secret

    def next(self, listener: int, addresses: _Addresses) -> dict[str, Any]:
        trials = self.store.answered(listener)
        number = sum(each.answer is not None for each in trials)
        if number == len(trials):
            return {"state": "done"}
        trial = trials[number].trial
        passage = self.test.passages[trial.passage]
        sources = [
            {"label": label, "url": f"/sound/{addresses.new(listener, number, label)}"}
            for label in trial.labels
        ]
        return {
            "state": "trial",
            "index": number,
            "of": len(trials),
            "training": trial.training,
            "kind": trial.kind,
            "question": QUESTIONS[trial.kind],
            "choices": [] if trial.kind == "rating" else [A, B],
            "sources": sources,
            "seconds": passage.wet.shape[-1] / passage.sample_rate,
            "peaks": peaks(passage.wet),
        }

    def sound(self, listener: int, number: int, label: str) -> bytes:
        trial = self.store.answered(listener)[number].trial
        passage = self.test.passages[trial.passage]
        return wav_bytes(sound_of(passage, trial.labels[label]), passage.sample_rate)

    def answer(self, listener: int, body: dict[str, Any]) -> dict[str, Any]:
        trials = self.store.answered(listener)
        number = body.get("index")
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise _RefusedError(422, "expected the number of a trial")
        if number >= len(trials):
            raise _RefusedError(409, "there is no such trial; reload the page")
        trial = trials[number].trial
        given = _checked(trial, body)
        try:
            new = self.store.answer(listener, number, given)
        except ListeningError as error:
            raise _RefusedError(409, str(error)) from error
        told: dict[str, Any] = {"accepted": True}
        if not new:
            told["again"] = True
        if trial.training and trial.right:
            told["right"] = given == trial.right
        return told

    def results(self, listener: int) -> dict[str, Any]:
        trials = self.store.answered(listener)
        if any(each.answer is None for each in trials):
            raise _RefusedError(403, "results are told after the last trial")
        return summarise(trials, self.test.describe)


def _checked(trial: Trial, body: dict[str, Any]) -> Any:
    """Return an answer of the right form."""
    if trial.kind != "rating":
        if body.get("answer") not in (A, B):
            raise _RefusedError(422, "expected A or B as the answer")
        return body["answer"]
    labels = {label for label in trial.labels if label.isdigit()}
    ratings = body.get("ratings")
    if not isinstance(ratings, dict) or set(ratings) != labels:
        raise _RefusedError(422, f"expected a rating of each of {', '.join(sorted(labels))}")
    for each in ratings.values():
        if not isinstance(each, int | float) or isinstance(each, bool) or not 0 <= each <= 100:
            raise _RefusedError(422, "expected ratings from 0 to 100")
    return ratings


def _page(name: str) -> Response:
    if name not in PAGE:
        raise _RefusedError(404, "there is nothing at this address")
    folder = resources.files("wetprint.judging.listening") / "page"
    return Response((folder / name).read_bytes(), media_type=PAGE[name])


def _who(request: Request, store: Store) -> int | None:
    return store.listener_of(request.cookies.get(COOKIE))


def _must(listener: int | None) -> int:
    if listener is None:
        raise _RefusedError(401, "join the test first; reload the page")
    return listener


async def _body(request: Request) -> dict[str, Any]:
    """Read a JSON object, from this site's own page only, and no longer than it may be."""
    origin = request.headers.get("origin")
    if origin is not None and origin.split("://", 1)[-1] != request.headers.get("host"):
        raise _RefusedError(403, "answers are taken from the test's own page only")
    if request.headers.get(MARK) != "1":
        raise _RefusedError(403, "answers are taken from the test's own page only")
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise _RefusedError(415, "expected JSON")
    heard = b""
    async for chunk in request.stream():
        heard += chunk
        if len(heard) > MOST_BYTES:
            raise _RefusedError(413, f"expected at most {MOST_BYTES} bytes")
    try:
        body = json.loads(heard)
    except ValueError as error:
        raise _RefusedError(422, "expected JSON") from error
    if not isinstance(body, dict):
        raise _RefusedError(422, "expected a JSON object")
    return body
