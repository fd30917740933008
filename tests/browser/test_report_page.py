"""The report in a real browser: offline, quickly, on a phone, and for everybody."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser.conftest import violations
from tests.judging.test_report import identification, passage
from wetprint.judging import ReportContent, write_report
from wetprint.judging.report.writing import page_script
from wetprint.models.flow import FlowStep

MOST_BYTES = 10_000_000
MOST_SECONDS = 1.0
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    branches = (("", (FlowStep("fir", "an impulse response"),)), ("", (FlowStep("gain", "x"),)))
    content = ReportContent(
        title="A box",
        passages=(passage(),),
        subtitle=("lv2:http://example.org/plugins/a-name-that-is-very-long-and-has-no-space#" * 3,),
        chain=(FlowStep("parallel", "side by side, added up", branches),),
        identification=identification(),
        candidates=(("linear", 0.3, 1.0, False), ("refined", 0.01, 125.0, True)),
        history=((0.0, 0.5), (60.0, 0.1)),
        settings={"seed": 0},
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, [content])
    return path


def loaded(page, file) -> float:
    """Open a page and return how many seconds that took."""
    page.goto(file.as_uri())
    page.wait_for_load_state("load")
    entry = "performance.getEntriesByType('navigation')[0]"
    return page.evaluate(f"{entry}.loadEventEnd") / 1000.0


@pytest.mark.parametrize("settings", [{}, {"color_scheme": "dark", "viewport": PHONE}])
def test_a_report_opens_offline_at_once_and_is_for_everybody(browser, axe, file, settings):
    context = browser.new_context(offline=True, **settings)
    page = context.new_page()
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    assert min(loaded(page, file) for _ in range(3)) < MOST_SECONDS  # others may use the machine
    assert [each for each in asked if not each.startswith(("file:", "data:", "blob:"))] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert violations(page, axe) == []
    assert page.locator(".flow .branch").count() == 2
    context.close()
    assert problems == []
    assert file.stat().st_size < MOST_BYTES


def test_a_report_prints(browser, file, tmp_path):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX") != "auto"
    printed = page.pdf(path=tmp_path / "report.pdf")
    assert printed.startswith(b"%PDF")
    context.close()


@pytest.fixture
def player(browser, file):
    """A report with its sounds decoded and its views drawn."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(file.as_uri())
    page.locator(".player").scroll_into_view_if_needed()
    page.wait_for_selector(".views:not([hidden])")
    yield page
    context.close()
    assert problems == []


def shown(page) -> tuple[float, float]:
    """Return the stretch that the views say they show, in seconds."""
    first, last = page.inner_text(".views output").split(" to ")
    return float(first.removesuffix(" s")), float(last.removesuffix(" s"))


def pixels(page) -> np.ndarray:
    """Return the views' picture, shape (height, width, 4)."""
    page.wait_for_selector(".views[data-measured]")
    width, height, values = page.evaluate(
        """() => {
          const canvas = document.querySelector(".sight canvas");
          const { width, height } = canvas;
          const all = canvas.getContext("2d").getImageData(0, 0, width, height);
          return [width, height, [...all.data]];
        }"""
    )
    return np.array(values, dtype=np.uint8).reshape(height, width, 4)


def test_waveforms_and_spectrograms_zoom_together(player):
    """A third of a second of noise, over which one axis runs: keys, buttons, wheel and mouse."""
    whole = shown(player)
    assert whole == pytest.approx((0.0, 1 / 3), abs=0.01)
    before = pixels(player)
    player.evaluate("delete document.querySelector('.views').dataset.measured")
    player.keyboard.press("+")
    assert shown(player) == pytest.approx((1 / 12, 1 / 4), abs=0.01)
    after = pixels(player)
    waves, heat = np.array_split(np.abs(after.astype(int) - before).sum(axis=2), [150], axis=0)
    assert (waves > 0).mean() > 0.05
    assert (heat > 0).mean() > 0.5
    player.click("[data-view=later]")
    assert shown(player) == pytest.approx((1 / 6, 1 / 3), abs=0.01)
    player.keyboard.press("0")
    assert shown(player) == whole
    assert player.is_disabled("[data-view=all]")
    box = player.locator(".sight canvas").bounding_box()
    left, width, y = box["x"] + 54, box["width"] - 54, box["y"] + 60
    player.mouse.move(left + 0.25 * width, y)
    player.mouse.down()
    player.mouse.move(left + 0.4 * width, y)
    player.mouse.move(left + 0.5 * width, y)
    assert player.is_visible(".marked")
    player.mouse.up()
    assert shown(player) == pytest.approx((1 / 12, 1 / 6), abs=0.005)
    player.keyboard.down("Control")
    player.mouse.wheel(0, 200)
    player.keyboard.up("Control")
    assert shown(player)[1] - shown(player)[0] == pytest.approx(1 / 6, abs=0.005)
    player.mouse.dblclick(left + 0.5 * width, y)
    assert shown(player) == whole


def test_what_is_shown_can_be_looped(player):
    player.keyboard.press("+")
    player.check(".loop-shown")
    player.click(".play")
    player.wait_for_selector(".player.playing")
    player.wait_for_timeout(200)
    first, last = shown(player)
    places = []
    for _ in range(12):
        player.wait_for_timeout(30)
        places.append(float(player.input_value("input[type=range]")))
    assert first - 0.02 <= min(places) < max(places) <= last + 0.02
    assert np.diff(places).min() < 0.0  # it came round
    player.click(".play")
    player.wait_for_selector(".player:not(.playing)")


LOOPED = """
async () => {
  SCRIPT
  const rate = 48000, seconds = 1.2;
  const context = new OfflineAudioContext(1, rate * seconds, rate);
  const buffer = (hertz) => {
    const made = context.createBuffer(1, rate, rate);
    made.getChannelData(0).forEach((_, at, all) => {
      all[at] = 0.5 * Math.sin((2 * Math.PI * hertz * at) / rate + 1);
    });
    return made;
  };
  const buffers = new Map([["dry", buffer(200)], ["model", buffer(313)], ["wet", buffer(313)]]);
  const deck = new Deck(context, buffers, "model", RANGE);
  for (const [name, at] of [["wet", 0.2], ["dry", 0.35], ["model", 0.41]]) {
    context.suspend(at).then(() => {
      deck.hear(name, context.currentTime);
      context.resume();
    });
  }
  return [...(await context.startRendering()).getChannelData(0)];
}
"""


@pytest.mark.parametrize("span", [(0.0, 0.3), (0.1234, 0.4567), (0.003, 0.25)])
def test_switching_and_looping_make_no_click(player, span):
    """Rendered by the page's own deck: sines that no loop fits, switched while they loop."""
    deck = page_script([("seam.js", "listening"), ("deck.js", "report")])
    samples = player.evaluate(LOOPED.replace("SCRIPT", deck).replace("RANGE", str(list(span))))
    heard, rate = np.array(samples), 48_000
    steepest = 2.0 * np.pi * 313 / rate * 0.5
    fading = 1.0 / (0.004 * rate)  # of a gain that glides, in a sample
    seam = np.pi / (2.0 * 0.008 * rate)  # of a fade at the seam, where it is steepest
    assert np.abs(np.diff(heard[rate // 50 :])).max() < steepest + fading + seam
    loop = round(span[1] * rate) - round(span[0] * rate)
    settled = heard[-rate // 2 :]  # the model since 0.41 s
    np.testing.assert_allclose(settled[loop:], settled[:-loop], atol=1e-3)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A report of three effects."""
    contents = [
        ReportContent(f"box {index}", (passage(seed=index),), identification=identification())
        for index in range(3)
    ]
    path = tmp_path_factory.mktemp("many") / "report.html"
    write_report(path, contents)
    return path


def test_pictures_of_further_effects_are_drawn_when_they_come_near(browser, axe, many):
    context = browser.new_context(offline=True)
    page = context.new_page()
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(many.as_uri())
    figures = page.locator("figure").count()
    last = page.locator("figure").last
    assert page.locator("figure svg").count() < figures
    assert last.locator("svg").count() == 0
    last.scroll_into_view_if_needed()
    last.locator("svg").wait_for()
    assert last.locator("script").count() == 0
    assert violations(page, axe) == []
    context.close()
    assert problems == []


def test_all_pictures_are_drawn_on_paper(browser, many):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(many.as_uri())
    assert page.pdf().startswith(b"%PDF")
    assert page.locator("figure svg").count() == page.locator("figure").count()
    context.close()
