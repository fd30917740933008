"""What listeners are asked, and what becomes of their answers, whatever brings them here.

A trial's sounds lie under addresses that are drawn anew for every look at the trial, and are good
for one download by one listener. Answers are judged here, and no result leaves before a listener's
last trial.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wetprint.errors import ListeningError
from wetprint.judging.listening.passages import Passage
from wetprint.judging.listening.plan import A, B, Trial, make_plan
from wetprint.judging.listening.results import summarise
from wetprint.judging.listening.sounds import peaks, sound_of, wav_bytes
from wetprint.judging.listening.store import Answered, Store

LONGEST_NAME = 80
MOST_ADDRESSES = 64
"""Of sounds that a listener has not fetched yet; the oldest are forgotten first."""

SECONDS_BESIDE_LISTENING = 8.0
LISTENED_TIMES = 3.0
"""How often a passage is heard in one trial, and what it takes to answer, for telling how long."""

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
                    "models": each.digests or list(each.models),
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
class Addresses:
    """Sounds that were offered and not yet fetched: listener, then token, to trial and label."""

    known: dict[int, dict[str, tuple[int, str]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def new(self, listener: int, number: int, label: str) -> str:
        """Return a token for a sound of a trial."""
        token = secrets.token_urlsafe(24)
        with self.lock:
            mine = self.known.setdefault(listener, {})
            mine[token] = (number, label)
            while len(mine) > MOST_ADDRESSES:
                mine.pop(next(iter(mine)))
        return token

    def taken(self, token: str, listener: int) -> tuple[int, str] | None:
        """Return what a listener's token stands for, once."""
        with self.lock:
            return self.known.get(listener, {}).pop(token, None)


class RefusedError(Exception):
    """A request that is answered with a sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


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


def shown_trial(test: ListeningTest, trial: Trial, urls: dict[str, str]) -> dict[str, Any]:
    """Return what the page is told of a trial, given each label's address, as plain values."""
    passage = test.passages[trial.passage]
    return {
        "training": trial.training,
        "kind": trial.kind,
        "question": QUESTIONS[trial.kind],
        "choices": [] if trial.kind == "rating" else [A, B],
        "sources": [{"label": label, "url": url} for label, url in urls.items()],
        "seconds": passage.wet.shape[-1] / passage.sample_rate,
        "peaks": peaks(passage.wet),
    }


class Asking:
    """A test that listeners take.

    Args:
        test: what is asked.
        store: where answers go.
        needs_code: whether listeners must have one of the store's codes.
    """

    def __init__(self, test: ListeningTest, store: Store, needs_code: bool):
        self.test, self.store, self.needs_code = test, store, needs_code
        self.addresses = Addresses()

    def about(self, listener: int | None) -> dict[str, Any]:
        """Return what the first screen says; the listener may be unknown yet."""
        return {
            **about_test(self.test),
            "needs_code": self.needs_code,
            "joined": listener is not None,
        }

    def join(self, body: dict[str, Any]) -> tuple[int, str]:
        """Let a listener in; return the number, and the secret for the cookie."""
        name, code = body.get("name", ""), body.get("code")
        if not isinstance(name, str) or len(name) > LONGEST_NAME:
            raise RefusedError(422, f"expected a name of at most {LONGEST_NAME} characters")
        if code is not None and not isinstance(code, str):
            raise RefusedError(422, "expected a code of letters and digits")
        try:
            listener, secret = self.store.join(name.strip(), code and code.strip())
        except ListeningError as error:
            raise RefusedError(403, str(error)) from error
        return listener, secret

    def next(self, listener: int) -> dict[str, Any]:
        """Return the trial that is open, under new addresses, or that all is done."""
        trials = self._trials(listener)
        number = sum(each.answer is not None for each in trials)
        if number == len(trials):
            return {"state": "done"}
        trial = trials[number].trial
        urls = {
            label: f"/sound/{self.addresses.new(listener, number, label)}" for label in trial.labels
        }
        shown = shown_trial(self.test, trial, urls)
        return {"state": "trial", "index": number, "of": len(trials), **shown}

    def sound(self, listener: int, token: str) -> bytes:
        """Return the sound behind an address, once."""
        found = self.addresses.taken(token, listener)
        if found is None:
            raise RefusedError(404, "this sound was fetched already; reload the page")
        number, label = found
        trial = self._trials(listener)[number].trial
        passage = self.test.passages[trial.passage]
        return wav_bytes(sound_of(passage, trial.labels[label]), passage.sample_rate)

    def answer(self, listener: int, body: dict[str, Any]) -> dict[str, Any]:
        """Keep an answer, and say so; in training, also whether it was right."""
        trials = self._trials(listener)
        number = body.get("index")
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise RefusedError(422, "expected the number of a trial")
        if number >= len(trials):
            raise RefusedError(409, "there is no such trial; reload the page")
        trial = trials[number].trial
        given = _checked(trial, body)
        try:
            new = self.store.answer(listener, number, given)
        except ListeningError as error:
            raise RefusedError(409, str(error)) from error
        told: dict[str, Any] = {"accepted": True}
        if not new:
            told["again"] = True
        if trial.training and trial.right:
            told["right"] = given == trial.right
        return told

    def results(self, listener: int) -> dict[str, Any]:
        """Return what a listener's answers come to, after the last."""
        trials = self._trials(listener)
        if any(each.answer is None for each in trials):
            raise RefusedError(403, "results are told after the last trial")
        return summarise(trials, self.test.describe)

    def _trials(self, listener: int) -> list[Answered]:
        """Return a listener's trials; they are drawn and put down at the first look."""
        trials = self.store.answered(listener)
        if not trials:
            self.store.plan(listener, self.test.plan(listener))
            trials = self.store.answered(listener)
        return trials


def _checked(trial: Trial, body: dict[str, Any]) -> Any:
    """Return an answer of the right form."""
    if trial.kind != "rating":
        if body.get("answer") not in (A, B):
            raise RefusedError(422, "expected A or B as the answer")
        return body["answer"]
    labels = {label for label in trial.labels if label.isdigit()}
    ratings = body.get("ratings")
    if not isinstance(ratings, dict) or set(ratings) != labels:
        raise RefusedError(422, f"expected a rating of each of {', '.join(sorted(labels))}")
    for each in ratings.values():
        if not isinstance(each, int | float) or isinstance(each, bool) or not 0 <= each <= 100:
            raise RefusedError(422, "expected ratings from 0 to 100")
    return ratings
