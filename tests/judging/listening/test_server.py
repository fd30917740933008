"""The server tells nothing before the end, loses nothing, and takes answers from listeners only."""

from __future__ import annotations

import dataclasses
import http.client
import threading
import time

import numpy as np
import pytest

from tests.judging.listening.client import Client, free_port, served, start_process
from tests.judging.listening.serving import small_test
from wetprint.judging.listening.asking import Asking
from wetprint.judging.listening.server import COOKIE, MOST_BYTES, make_app
from wetprint.judging.listening.store import Store


@pytest.fixture(scope="module")
def test():
    return small_test(("abx", "closer"))


@pytest.fixture
def store(tmp_path, test):
    store = Store(tmp_path / "answers.sqlite", test.described())
    yield store
    store.close()


@pytest.fixture
def port(test, store):
    with served(make_app(test, store, needs_code=False)) as port:
        yield port


@pytest.fixture
def client(port):
    client = Client(port)
    assert client.join() == (200, {"listener": 1})
    return client


def samples(wav: bytes) -> np.ndarray:
    return np.frombuffer(wav[44:], "<i2").astype(np.float64)


def test_the_sounds_of_a_trial_differ_in_nothing_but_the_sound(client):
    for _ in range(4):
        trial = client.next()
        told = [client.ask("GET", each["url"]) for each in trial["sources"]]
        plain = [{k: v for k, v in headers.items() if k != "date"} for _, headers, _ in told]
        assert plain[0] == plain[1] == plain[2]
        assert plain[0]["cache-control"] == "no-store"
        assert not {"etag", "last-modified", "content-disposition"} & set(plain[0])
        sounds = [body for *_, body in told]
        assert len({len(each) for each in sounds}) == 1
        assert len(set(sounds)) == 3  # X is never the very bytes of A or B
        client.answer(trial["index"])


def test_addresses_are_random_and_good_for_one_download_of_one_listener(client, port):
    first, again = client.next()["sources"], client.next()["sources"]
    urls = [each["url"] for each in (*first, *again)]
    assert len(set(urls)) == 6
    assert len({len(each) for each in urls}) == 1
    other = Client(port)
    other.join()
    assert other.ask("GET", urls[0])[0] == 404
    assert client.ask("GET", urls[0])[0] == 200
    assert client.ask("GET", urls[0])[0] == 404


def test_nothing_that_is_told_depends_on_what_x_is(test, store):
    """Two plans that differ in every X tell the page the very same."""
    asking = Asking(test, store, needs_code=False)
    plan = [each for each in test.plan(1) if each.kind == "abx"]
    turned = [
        dataclasses.replace(
            each,
            right="A" if each.right == "B" else "B",
            labels={**each.labels, "X": each.labels["A" if each.right == "B" else "B"]},
        )
        for each in plan
    ]
    told = []
    for listener, trials in ((1, plan), (2, turned)):
        store.plan(listener, trials)
        shown = asking.next(listener)
        shown["sources"] = [each["label"] for each in shown["sources"]]
        told.append(shown)
    assert told[0] == told[1]


def test_x_is_what_the_right_answer_says(client, store):
    seen = set()
    for _ in range(5):
        trial = client.next()
        a, b, x = (samples(client.ask("GET", each["url"])[2]) for each in trial["sources"])
        nearer = "A" if np.abs(x - a).sum() < np.abs(x - b).sum() else "B"
        assert store.answered(1)[trial["index"]].trial.right == nearer
        seen.add(nearer)
        client.answer(trial["index"])
    assert seen == {"A", "B"}


def test_all_sounds_of_a_trial_are_equally_loud(client):
    import pyloudnorm

    trial = client.next()
    meter = pyloudnorm.Meter(16_000)
    loud = [
        meter.integrated_loudness(samples(client.ask("GET", each["url"])[2]) / 32768)
        for each in trial["sources"]
    ]
    assert np.ptp(loud) < 0.05  # LU


def test_results_come_after_the_last_trial_only(client):
    for index in range(9):
        status, told = client.json("GET", "/api/results")
        assert (status, "after the last trial" in told["error"]) == (403, True)
        status, told = client.answer(index, "B")
        assert status == 200
        assert ("right" in told) == (index == 0)  # the one for training
    assert client.next() == {"state": "done"}
    status, told = client.json("GET", "/api/results")
    assert status == 200
    assert told["abx"]["all"]["all"]["trials"] == 4
    assert told["closer"]["all"]["all"]["correct"] == 4
    assert "of 4 trials" in told["closer"]["words"]


def test_an_answer_counts_once_and_in_order(client):
    assert client.answer(1) == (409, {"error": "trial 2 is not the next one; reload the page"})
    assert client.answer(0, "A")[1]["accepted"]
    assert client.answer(0, "A")[1]["again"]
    status, told = client.answer(0, "B")
    assert (status, "answered already" in told["error"]) == (409, True)
    assert client.next()["index"] == 1


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        (b"[]", 422, "JSON object"),
        (b"{", 422, "expected JSON"),
        ({"index": "0", "answer": "A"}, 422, "number of a trial"),
        ({"index": True, "answer": "A"}, 422, "number of a trial"),
        ({"index": -1, "answer": "A"}, 422, "number of a trial"),
        ({"index": 99, "answer": "A"}, 409, "no such trial"),
        ({"index": 0, "answer": "C"}, 422, "A or B"),
        ({"index": 0}, 422, "A or B"),
        ({"index": 0, "answer": "A" * MOST_BYTES}, 413, "at most"),
    ],
)
def test_odd_answers_are_refused(client, body, status, complaint):
    got, told = client.json("POST", "/api/answer", body)
    assert (got, complaint in told["error"]) == (status, True)


def test_a_body_without_a_length_is_cut_off(client):
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n0\r\n\r\n"
    status, told = client.json("POST", "/api/answer", chunk, {"Transfer-Encoding": "chunked"})
    assert (status, "at most" in told["error"]) == (413, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"X-Wetprint": "0"},
        {"Content-Type": "text/plain"},
    ],
)
def test_no_other_site_can_answer(client, headers):
    body = {"index": 0, "answer": "A"}
    assert client.json("POST", "/api/answer", body, headers)[0] in (403, 415)
    assert client.next()["index"] == 0


def test_the_cookie_stays_with_this_site_and_out_of_scripts(port):
    _, headers, _ = Client(port).ask("POST", "/api/join", {})
    told = headers["set-cookie"].lower()
    assert told.startswith(f"{COOKIE}=")
    assert "httponly" in told
    assert "samesite=strict" in told


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/..%2fserver.py",
        "/page/%2e%2e/server.py",
        "/page/index.html/",
        "/sound/../../etc/passwd",
        "/openapi.json",
        "/docs",
        "/api/answer",
    ],
)
def test_there_is_nothing_at_odd_addresses(client, path):
    status, told = client.json("GET", path)
    assert (status, "error" in told) == (404, True)


@pytest.mark.parametrize("path", ["/api/next", "/api/results", "/sound/unknown"])
def test_strangers_are_told_nothing(port, path):
    assert Client(port).json("GET", path)[0] == 401


def test_a_code_lets_one_listener_in_again_and_nobody_without(tmp_path, test):
    store = Store(tmp_path / "coded.sqlite", test.described())
    (code, other) = store.codes(2)
    with served(make_app(test, store, needs_code=True)) as port:
        client = Client(port)
        assert client.join()[0] == 403
        assert "code" in client.join("wrong")[1]["error"]
        assert client.join(code)[1]["listener"] == 1
        client.answer(0)
        elsewhere = Client(port)
        assert elsewhere.join(code)[1]["listener"] == 1
        assert elsewhere.next()["index"] == 1
        assert Client(port).join(other)[1]["listener"] == 2
    store.close()


def test_the_page_may_load_nothing_from_elsewhere(port):
    _, headers, body = Client(port).ask("GET", "/")
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert b"http:" not in body
    assert b"https:" not in body


LISTENERS, TRIALS = 50, 5


def listen_to_the_end(port: int, stop: threading.Event, accepted: dict, number: int) -> None:
    """Answer everything, whatever becomes of the server in between."""
    client, mine = Client(port), accepted[number]
    generator = np.random.default_rng(number)
    while not stop.is_set():
        try:
            if not client.cookie:
                mine["listener"] = client.join()[1]["listener"]
            trial = client.next()
            if trial["state"] == "done":
                return
            given = str(generator.choice(["A", "B"]))
            status, _ = client.answer(trial["index"], given)
            if status == 200:
                mine[trial["index"]] = given
        except (OSError, http.client.HTTPException, AssertionError, ValueError, KeyError):
            time.sleep(0.05)


def test_fifty_listeners_lose_no_answer_when_the_server_is_killed(tmp_path):
    path, port, stop = tmp_path / "many.sqlite", free_port(), threading.Event()
    process = start_process(path, port)
    accepted: dict[int, dict] = {number: {} for number in range(LISTENERS)}
    threads = [
        threading.Thread(target=listen_to_the_end, args=(port, stop, accepted, number))
        for number in range(LISTENERS)
    ]
    for each in threads:
        each.start()
    while sum(map(len, accepted.values())) < 2 * LISTENERS:  # all have joined, on average
        time.sleep(0.01)
    process.kill()  # SIGKILL
    process.wait()
    process = start_process(path, port)
    for each in threads:
        each.join(60)
    stop.set()
    process.kill()
    process.wait()
    kept: dict[int, dict] = {}
    store = Store(path)
    for each in store.answered():
        kept.setdefault(each.listener, {})[each.number] = each.answer
    store.close()
    for (
        mine
    ) in accepted.values():  # an answer may be kept whose receipt was lost, never the reverse
        whole = kept[mine.pop("listener")]
        assert whole == {**whole, **mine}
        assert len(whole) == TRIALS
        assert None not in whole.values()
