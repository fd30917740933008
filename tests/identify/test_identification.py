"""What kind of box it is, of boxes of known truth."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.signal import oaconvolve

from tests.identify.test_motion import RATE, play, voice
from wetprint import audio
from wetprint.cli.main import main
from wetprint.identify.identification import identify_effect, identify_recording
from wetprint.judging.findings import in_words
from wetprint.signals import playing


def upside_down(dry: np.ndarray) -> np.ndarray:
    response = np.zeros((1, 40))
    response[0, [17, 21]] = [-0.8, 0.2]
    return oaconvolve(dry, response, axes=-1)[:, : dry.shape[1]]


def test_a_filter_stands_still_and_is_nothing_but_linear():
    found = identify_effect(upside_down, RATE)
    assert (found.delay_samples, found.polarity, found.channels_out) == (17, -1, 1)
    assert found.beyond_linear_db < -80.0
    assert found.lfo_rate_hz is None
    assert found.pitch_ratio is None
    assert found.voices == ()
    assert found.repeatability_db == pytest.approx(-200.0)
    assert found.unseen == ()


def test_a_chorus_shows_its_lfo_and_its_voice():
    found = identify_effect(lambda dry: play(dry, voice([240.0, 36.0, 0.0], 1.3)), RATE)
    assert found.lfo_rate_hz == pytest.approx(1.3, rel=1e-3)
    assert len(found.voices) == 1
    assert found.voices[0].delay_ms == pytest.approx(10.0, abs=0.1)
    assert found.voices[0].depth_ms == pytest.approx(1.5, abs=0.1)
    assert any("1.3" in line for line in in_words(found))


def test_noise_of_the_box_is_its_floor():
    generator = np.random.default_rng(0)

    def hissing(dry: np.ndarray) -> np.ndarray:
        return upside_down(dry) + 0.001 * generator.standard_normal(dry.shape)

    found = identify_effect(hissing, RATE)
    assert found.noise_floor_db == pytest.approx(-60.0, abs=0.5)
    assert found.repeatability_db is not None
    assert found.repeatability_db > -60.0


def test_a_recording_says_what_it_could_not_show():
    dry = playing(8.0, 3, RATE)
    found = identify_recording(dry, upside_down(dry), RATE)
    assert (found.delay_samples, found.polarity) == (17, -1)
    assert found.noise_floor_db is None
    assert any("twice" in each for each in found.unseen)


def test_the_command_line_prints_json(tmp_path, monkeypatch, capsys):
    dry = playing(8.0, 3, RATE)
    audio.write(tmp_path / "dry.wav", dry, RATE)
    audio.write(tmp_path / "wet.wav", -0.5 * dry, RATE)
    paths = [str(tmp_path / name) for name in ("dry.wav", "wet.wav")]
    monkeypatch.setattr("sys.argv", ["wetprint", "identify", *paths, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert json.loads(capsys.readouterr().out)["delay_samples"] == 0
