"""The page of the listening test, in a real browser, against a real server."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.browser.conftest import violations
from tests.judging.listening.client import served
from tests.judging.listening.serving import small_test
from wetprint.judging.listening.server import make_app
from wetprint.judging.listening.static import write_static
from wetprint.judging.listening.store import Store

PHONE = {"width": 390, "height": 844}
TEST = small_test(("abx",))
RATING = small_test(("rating",), models=("ours", "theirs"))


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "answers.sqlite", TEST.described())
    yield store
    store.close()


@pytest.fixture
def address(store):
    with served(make_app(TEST, store, needs_code=False)) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def opened(browser, address):
    """Open the page for one more listener; whatever goes wrong in it fails the test."""
    contexts, problems = [], []

    def open_page(**settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        page.wait_for_selector("form.welcome")
        return page

    yield open_page
    for each in contexts:
        each.close()
    assert not problems


def begin(page) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".waveform")


def answer_all(page, first: int = 1) -> None:
    for number in range(first, 5):
        page.wait_for_selector(f".where:text-is('Trial {number} of 4')")
        page.keyboard.press("2")
    page.wait_for_selector(".verdict")


def test_a_whole_session_by_keyboard(opened, store):
    page = opened()
    begin(page)
    for key in ("Space", "a", "b", "x"):
        page.keyboard.press(key)
    assert page.inner_text("#live") == "X"
    assert page.get_attribute("[data-label=X]", "aria-pressed") == "true"
    assert page.inner_text("#play") == "Stop"
    page.keyboard.press("1")
    page.wait_for_selector("h1:text-matches('Right|Not this time')")
    page.keyboard.press("Enter")
    answer_all(page)
    answers = store.answered(1)
    assert [each.answer for each in answers] == ["A", "B", "B", "B", "B"]
    right = sum(each.trial.right == "B" for each in answers[1:])
    assert f"told apart in {right} of 4 trials" in page.inner_text(".verdict")


def test_a_reload_in_the_middle_loses_nothing(opened):
    page = opened()
    begin(page)
    page.keyboard.press("1")
    page.wait_for_selector("h1:text-matches('Right|Not this time')")
    page.reload()
    page.wait_for_selector(".where:text-is('Trial 1 of 4')")
    page.keyboard.press("2")
    page.wait_for_selector(".where:text-is('Trial 2 of 4')")
    page.reload()
    answer_all(page, first=2)


def test_two_listeners_at_once_do_not_meet(opened, store):
    pages = [opened(), opened()]
    for page in pages:
        begin(page)
        page.keyboard.press("2")
        page.click("text=Next")
    for page in reversed(pages):
        answer_all(page)
    assert {each.listener for each in store.answered()} == {1, 2}
    assert all(each.answer == "B" for each in store.answered())


def test_what_the_page_is_sent_does_not_tell_x(opened):
    page = opened()
    sent: dict[str, dict] = {}

    def note(response) -> None:
        if "/sound/" in response.url:
            sent[response.url] = {k: v for k, v in response.all_headers().items() if k != "date"}

    page.on("response", note)
    begin(page)
    page.wait_for_function("document.querySelectorAll('.sound').length === 3")
    assert len(sent) == 3
    first, *others = sent.values()
    assert all(each == first for each in others)
    assert len({len(url) for url in sent}) == 1
    assert not re.search("model|wet|dry|ours", "".join(sent))
    assert page.evaluate("document.cookie") == ""


def test_it_fits_a_phone(opened):
    page = opened(viewport=PHONE)
    begin(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, input')]
            .map((each) => each.getBoundingClientRect())
            .filter((box) => box.height < 44 || box.left < 0 || box.right > innerWidth).length"""
    )
    assert small == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(opened, axe, scheme):
    page = opened(color_scheme=scheme)
    assert violations(page, axe) == []
    begin(page)
    assert violations(page, axe) == []
    page.keyboard.press("1")
    page.wait_for_selector("h1:text-matches('Right|Not this time')")
    assert violations(page, axe) == []
    page.keyboard.press("Enter")
    answer_all(page)
    assert violations(page, axe) == []


def test_ratings_are_given_by_keyboard(browser, axe, tmp_path):
    store = Store(tmp_path / "ratings.sqlite", RATING.described())
    with served(make_app(RATING, store, needs_code=False)) as port:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector("form.welcome")
        begin(page)
        assert violations(page, axe) == []
        for number in range(3):
            page.wait_for_selector(f"#progress[aria-valuenow='{number}']")
            for label in "1234":
                page.focus(f".ratings input[name='{label}']")
                page.keyboard.press("ArrowRight")
            page.click("text=Next")
        page.wait_for_selector(".verdict")
        context.close()
    ratings = [each.answer for each in store.answered(1)]
    store.close()
    assert ratings == [{"1": 51, "2": 51, "3": 51, "4": 51}] * 3


def test_an_answered_trial_takes_nothing_while_the_next_one_loads(opened):
    page = opened()
    begin(page)
    page.keyboard.press("1")
    page.wait_for_selector("h1:text-matches('Right|Not this time')")
    page.keyboard.press("Enter")
    page.wait_for_selector(".where:text-is('Trial 1 of 4')")
    held, released = [], []
    page.route("**/sound/*", lambda route: route.continue_() if released else held.append(route))
    with page.expect_request("**/sound/*"):
        page.keyboard.press("1")
    assert page.evaluate("document.getElementById('screen').inert")
    assert page.get_attribute("#progress", "aria-valuenow") == "1"
    released.append(True)
    for each in held:
        each.continue_()
    page.wait_for_selector("#progress[aria-valuenow='2']")
    assert not page.evaluate("document.getElementById('screen').inert")


def test_an_exported_folder_asks_and_judges_by_itself(browser, tmp_path):
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args) -> None:
            pass

    write_static(TEST, tmp_path / "test")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "test"))
    Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    page.wait_for_selector("form.welcome")
    assert "informal" in page.inner_text("form")
    begin(page)
    page.keyboard.press("1")
    page.wait_for_selector("h1:text-matches('Right|Not this time')")
    page.keyboard.press("Enter")
    answer_all(page)
    right = sum(each.right == "B" for each in TEST.plan(1)[1:])
    assert f"{right} of 4 answers were right" in page.inner_text(".verdict")
    context.close()
    server.shutdown()
    server.server_close()


def test_a_listeners_own_link_fills_the_code_in(browser, store):
    (code,) = store.codes(1)
    asked = []
    with served(make_app(TEST, store, needs_code=True)) as port:
        context = browser.new_context()
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}/#{code}")
        page.wait_for_selector("form.welcome")
        assert page.input_value("[name=code]") == code
        assert not any(code in each.split("#")[0] for each in asked)
        page.click("form.welcome button")
        page.wait_for_selector(".waveform")
        context.close()


LOOPING = """
async () => {
  const { Player } = await import("/page/player.js");
  const rate = 48000;
  const context = new OfflineAudioContext(1, rate, rate);
  const buffer = context.createBuffer(1, rate, rate);
  buffer.getChannelData(0).forEach((_, at, all) => {
    all[at] = 0.5 * Math.sin((2 * Math.PI * 313 * at) / rate + 1);
  });
  const player = new Player(context);
  player.load([["A", buffer]]);
  player.setLoop(FROM, TO);
  player.play(0);
  return [player.loop, [...(await context.startRendering()).getChannelData(0)]];
}
"""


@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 0.3), (0.12345, 0.45678)])
def test_a_loop_makes_no_click_at_its_seam(opened, start_s, end_s):
    """A sine that the loop does not fit; every turn is as long as the loop says, to the sample."""
    looping = LOOPING.replace("FROM", str(start_s)).replace("TO", str(end_s))
    loop, samples = opened().evaluate(looping)
    heard, rate = np.array(samples), 48_000
    fading = np.pi / (2.0 * 0.008 * rate)
    assert np.abs(np.diff(heard[rate // 50 :])).max() < np.pi * 313 / rate + fading
    turn = round((loop[1] - loop[0]) * rate)
    assert turn == pytest.approx((end_s - start_s) * rate, abs=1)
    settled = heard[rate // 50 :]
    np.testing.assert_allclose(settled[turn:], settled[:-turn], atol=1e-6)
    inside = slice(rate // 50, turn - rate // 50)
    time = loop[0] + np.arange(rate) / rate
    expected = 0.5 * np.sin(2.0 * np.pi * 313 * time + 1.0)
    np.testing.assert_allclose(heard[inside], expected[inside], atol=1e-6)


SWITCHING = """
async () => {
  const { Player, FADE_SECONDS } = await import("/page/player.js");
  const rate = 48000, seconds = 1.0;
  const context = new OfflineAudioContext(1, rate * seconds, rate);
  const buffer = (hertz) => {
    const made = context.createBuffer(1, rate / 2, rate);
    made.getChannelData(0).forEach((_, at, all) => {
      all[at] = 0.5 * Math.sin((2 * Math.PI * hertz * at) / rate);
    });
    return made;
  };
  const player = new Player(context);
  player.load([["A", buffer(200)], ["B", buffer(300)], ["X", buffer(200)]]);
  player.play(0);
  for (const [label, at] of [["B", 0.2], ["X", 0.35], ["A", 0.41], ["B", 0.7]]) {
    context.suspend(at).then(() => {
      player.hear(label, context.currentTime);
      context.resume();
    });
  }
  const heard = await context.startRendering();
  return [[...heard.getChannelData(0)], FADE_SECONDS];
}
"""


def test_switching_is_gapless(opened):
    """Rendered by the page's own player: sines of half amplitude, switched while they loop."""
    samples, fade_s = opened().evaluate(SWITCHING)
    heard = np.array(samples)
    rate = 48_000
    steepest = 2.0 * np.pi * 300 / rate * 0.5  # of the faster sine
    fading = 1.0 / (fade_s * rate)  # of a gain, in a sample; two sounds fade at once
    assert np.abs(np.diff(heard[rate // 50 :])).max() < steepest + fading
    loud = np.sqrt(np.convolve(heard**2, np.ones(960) / 960, "valid"))[960:]
    assert loud.min() > 0.5 * 0.5 / np.sqrt(2)  # never a hole, wherever it is switched
    time = np.arange(rate) / rate
    settled = (time > 0.23) & (time < 0.34)  # B since 0.2 s, where it stands in the loop
    expected = 0.5 * np.sin(2.0 * np.pi * 300 * time)
    np.testing.assert_allclose(heard[settled], expected[settled], atol=2e-3)
