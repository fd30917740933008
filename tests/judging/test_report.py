"""The report is one file that needs nothing else, says what it was given, and stays small."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from wetprint.errors import OutputError, PairError
from wetprint.identify.findings import Identification, LevelSweep, Repeats, Response, Turn, Voice
from wetprint.judging import Passage, ReportContent, evaluate, metrics, write_report
from wetprint.judging.report import shares, writing
from wetprint.judging.report.figures import write_figures
from wetprint.models.flow import FlowStep

RATE = 48000
VOID = {"meta", "input", "br", "link", "img", "path", "use", "image"}


class Page(HTMLParser):
    """Collects a page's elements and text and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def having(self, attribute: str) -> list[str]:
        return [str(attrs[attribute]) for _, attrs in self.elements if attribute in attrs]


def passage(name: str = "slide", seed: int = 0) -> Passage:
    generator = np.random.default_rng(seed)
    wet, dry = (
        (0.1 * generator.standard_normal((channels, RATE // 3))).astype(np.float32)
        for channels in (2, 1)
    )
    model = np.float32(0.9) * wet
    found = evaluate(model, wet, dry, RATE, repeat=wet, best_fir=np.float32(0.5) * wet)
    return Passage(name, dry, model, wet, found, repeat=wet)


def identification(unseen: str = "<the rest>") -> Identification:
    """A chorus that rings, found on both sides."""
    voice = Voice(0, 8.0, 1.0, 0.0, "sine", (8.0, 9.0, 8.0, 7.0))
    response = Response((500.0, 1000.0), ((-3.0, 0.0),), (500.0, 1000.0), (0.8, None))
    turn = Turn(((-1.0, 0.0, 1.0, 0.0),), "sine", ((400.0,), (500.0, 2000.0), (600.0,), ()))
    repeats = Repeats(250.0, 2, 0.5, (500.0, 1000.0), (0.0, -3.0), True)
    follows = (-60.0, -30.0, 0.0), (300.0, 400.0, 2000.0)
    sweep = LevelSweep(310.0, 1500.0, 8.0, 120.0, "peak", "branching", 0.97, *follows)
    return Identification(
        sample_rate=RATE,
        channels_out=2,
        delay_samples=33,
        polarity=-1,
        beyond_linear_db=-7.9,
        nonlinear_db=-60.0,
        moving_db=-4.2,
        repeatability_db=-200.0,
        noise_floor_db=-90.0,
        response=response,
        lfo_rate_hz=1.2,
        voices=(voice, dataclasses.replace(voice, side=1)),
        turn=turn,
        carrier_hz=None,
        pitch_ratio=0.5,
        grain_ms=40.0,
        repeats=repeats,
        compression=None,
        sweep=sweep,
        unseen=(unseen,),
    )


@pytest.fixture(scope="module")
def content():
    return ReportContent(
        title="A box <of> noise & more",
        passages=(passage(),),
        subtitle=("builtin:Distortion?drive_db=18", "learned in 2 min"),
        chain=(
            FlowStep("gain", "+6 dB"),
            FlowStep("parallel", "added up", (("", (FlowStep("FIR", "1024 taps"),)),)),
        ),
        identification=identification(),
        candidates=(("FIR", 0.3, 1.0, False), ("convolutions", 0.01, 125.0, True)),
        history=((0.0, 0.5), (60.0, 0.1), (120.0, 0.01)),
        notes=("The wet recording was 12 samples late.",),
        settings={"seed": 0, "learning": {"rate": 0.004}},
    )


@pytest.fixture(scope="module")
def told():
    """What progress is told while the report is composed."""
    return []


@pytest.fixture(scope="module")
def composed(content, told):
    """Compose once for all tests that only read."""
    return writing.compose(
        [content], progress=lambda stage, share, detail="": told.append((stage, share))
    )


@pytest.fixture(scope="module")
def page(composed):
    return Page(composed)


def test_everything_given_is_said(page):
    for words in (
        "A box <of> noise & more",
        "builtin:Distortion?drive_db=18",
        "Close to the effect.",
        "By waveform the model is",
        "1024 taps",
        "delay: 33 samples, upside down",
        "left: 8.00 ms, moving 1.00 ms (sine)",
        "a filter from 310 Hz where it is soft to 1500 Hz where it is loud; explains 97.0 %",
        "attack 8 ms, release 120 ms; hears peak, branching",
        "could not be seen: <the rest>",
        "convolutions 0.01 2 min 5 s kept",
        "FIR 0.3 1 s dropped",
        "The wet recording was 12 samples late.",
        "learning.rate 0.004",
    ):
        assert words in page.text
    for context in ("dry signal", "best FIR", "model", "effect played twice"):
        assert f"{context} " in page.text


def test_nothing_is_loaded_from_elsewhere(composed, page):
    for target in page.having("src") + page.having("href") + page.having("xlink:href"):
        assert target.startswith(("#", "data:image/png;base64,"))
    assert not re.search(r"@import|url\((?!#)", composed)
    addresses = set(re.findall(r"https?://[^\"' ]+", composed))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_only_its_own_script_may_run(composed, page):
    (policy,) = [
        attrs["content"]
        for _, attrs in page.elements
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    (script,) = re.findall(r'<script type="module">(.*?)</script>', composed, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


@pytest.fixture
def no_pictures(monkeypatch):
    monkeypatch.setattr(shares, "PICTURES_BYTES", -1)


def test_markup_in_what_is_given_stays_text(no_pictures):
    evil = "</script><script>alert(1)</script>"
    found = passage(evil)
    content = ReportContent(
        title=evil,
        passages=(found, found),
        subtitle=(evil,),
        chain=(FlowStep(evil, evil, ((evil, (FlowStep(evil, evil),)),)),),
        identification=identification(evil),
        candidates=((evil, 1.0, 1.0, True),),
        notes=(evil, "{{style}}"),
        settings={evil: evil},
    )
    text = writing.compose([content])
    assert "alert(1)" in text
    assert "<script>alert" not in text
    assert "{{style}}" in Page(text).text


@pytest.mark.parametrize("effects", [1, 2])
def test_names_are_unique_and_references_hold(content, effects):
    two = (passage("one"), passage("two", seed=5))
    alike = [dataclasses.replace(content, title="two", passages=two)] * effects
    page = Page(writing.compose(alike))
    names = page.having("id")
    assert len(names) == len(set(names))
    for target in page.having("href") + page.having("xlink:href"):
        assert target.startswith("data:") or target[1:] in names
    assert {"#passage-0", "#passage-1"} <= set(page.having("href"))


def test_several_effects_share_a_page(content, no_pictures):
    other = dataclasses.replace(content, title="Another box", subtitle=("learned in 3 s",))
    page = Page(writing.compose([content, other], "Two boxes"))
    assert page.text.count("How it was learned") == 2
    for words in ("Two boxes", "Another box: slide", "learned in 2 min", "learned in 3 s"):
        assert words in page.text
    headings = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))
    with pytest.raises(PairError, match="at least one learned effect"):
        writing.compose([])


def test_every_source_has_its_sound_and_every_control_a_name(page):
    for name in ("dry", "model", "wet"):
        assert f"sound-0-{name}" in page.having("id")
    assert page.having("data-source") == ["dry", "model", "wet"]
    assert all(float(each) <= 0.0 for each in page.having("data-matching-db"))
    for tag, attrs in page.elements:
        if tag == "svg" and "aria-hidden" not in attrs:
            assert attrs["aria-label"]
        if tag == "input" and attrs.get("type") == "range":
            assert attrs["aria-label"]


def test_a_mono_dry_signal_is_measured_as_it_is_heard_from_two_sides(page, content):
    dry, wet = content.passages[0].dry, content.passages[0].wet
    expected = metrics.loudness(np.repeat(dry, 2, axis=0), RATE)
    assert wet.shape[0] == 2
    assert f"{abs(expected):.1f} LUFS" in page.text


def test_parts_that_were_not_given_are_left_out(no_pictures):
    page = Page(writing.compose([ReportContent("bare", (passage(),))]))
    for words in ("How it was learned", "The chain", "The race", "Notes", "Settings"):
        assert words not in page.text


def test_many_effects_stay_within_one_small_file(content, monkeypatch):
    monkeypatch.setattr(shares, "LARGEST_BYTES", 1_500_000)
    monkeypatch.setattr(shares, "LEARNING_BYTES", 150_000)
    monkeypatch.setattr(shares, "LEAST_SOUND_BYTES", 250_000)
    effects = [
        dataclasses.replace(
            content, title=f"box {index}", passages=(passage(f"take {index}", seed=index),)
        )
        for index in range(4)
    ]
    text = writing.compose(effects)
    assert len(text) < 1_500_000
    assert 1 <= text.count("data-player=") < 4
    for kind in ("Error over time", "Error over frequency"):
        assert text.count(f"<b>{kind}</b>") == 4  # what tells most in least is there for each
    assert text.count("<b>Waveforms</b>") < 4
    assert 1 <= text.count("<b>Learning</b>") < 4
    assert text.count("delay: 33 samples, upside down") == 4  # words are never left out
    assert re.search(r"Left out to keep the file small: [a-z, -]*waveforms", text)
    assert "The sound of this passage is left out" in text
    assert all(f"take {index}" in text for index in range(4))


def test_the_shares_leave_room_for_the_words():
    assert shares.PICTURES_BYTES + shares.SOUNDS_BYTES < 0.96 * shares.LARGEST_BYTES


def test_the_same_content_makes_the_same_file(content, composed, tmp_path):
    write_report(tmp_path / "a.html", [content])
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == composed
    assert len(composed) < shares.LARGEST_BYTES


def test_progress_is_reported(composed, told):
    assert told[0][0] == "drawing"
    assert told[-1] == ("writing the report", 1.0)


def test_bad_content_is_refused_and_leaves_no_file(content, tmp_path):
    with pytest.raises(PairError, match="at least one passage"):
        write_report(tmp_path / "a.html", [ReportContent("empty", ())])
    whole = content.passages[0]
    short = Passage("x", whole.dry, whole.model[:, :-1], whole.wet, whole.evaluation)
    with pytest.raises(PairError, match="samples long"):
        write_report(tmp_path / "a.html", [ReportContent("short", (short,))])
    with pytest.raises(OutputError, match="no folder"):
        write_report(tmp_path / "missing" / "a.html", [content])
    assert list(tmp_path.iterdir()) == []


def test_every_picture_is_a_file_too(content, tmp_path):
    written = write_figures(tmp_path / "pictures", content)
    assert sorted(written) == sorted((tmp_path / "pictures").iterdir())
    shown = {each.stem for each in written}
    assert shown == {
        *("spectrograms", "waveforms", "time", "frequency", "learning"),
        *("response", "voices", "gain", "notches", "sweep"),
    }
    for each in written:
        head = each.read_bytes()[:200]
        assert head.startswith(b"\x89PNG") if each.suffix == ".png" else b"<?xml" in head
