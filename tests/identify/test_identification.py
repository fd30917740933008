"""What kind of box it is, of boxes of known truth."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter, oaconvolve
from threadpoolctl import threadpool_info, threadpool_limits

from tests.identify.test_motion import RATE, play, voice
from wetprint import audio
from wetprint.blocks.periodic import interpolating
from wetprint.blocks.phaser import Phaser, PhaserConfig
from wetprint.cli.main import main
from wetprint.identify.identification import identify_effect, identify_recording
from wetprint.identify.turn import curve_shape
from wetprint.judging.findings import in_words
from wetprint.models.chain import Chain
from wetprint.models.playing import play_chain
from wetprint.signals import playing


def upside_down(dry: np.ndarray) -> np.ndarray:
    response = np.zeros((1, 40))
    response[0, [17, 21]] = [-0.8, 0.2]
    return oaconvolve(dry, response, axes=-1)[:, : dry.shape[1]]


def test_a_ring_modulator_shows_its_carrier_and_nothing_that_an_lfo_moves():
    def ring(dry: np.ndarray) -> np.ndarray:
        return dry * np.sin(2.0 * np.pi * 317.25 / RATE * np.arange(dry.shape[1]))

    found = identify_effect(ring, RATE)
    assert found.carrier_hz == pytest.approx(317.25, abs=1e-3)
    assert (found.lfo_rate_hz, found.voices, found.pitch_ratio) == (None, (), None)
    assert "ring modulator: multiplied by a carrier of 317.250 Hz" in in_words(found)


def test_a_plugin_is_asked_with_one_blas_thread():
    """More of them only wait for one another where another program has a core."""
    counts = []

    def through(dry: np.ndarray) -> np.ndarray:
        counts.extend(
            each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"
        )
        return dry

    with threadpool_limits(2, "blas"):
        identify_effect(through, RATE)
    assert counts
    assert set(counts) == {1}


def test_a_filter_stands_still_and_is_nothing_but_linear():
    found = identify_effect(upside_down, RATE)
    assert (found.delay_samples, found.polarity, found.channels_out) == (17, -1, 1)
    assert found.beyond_linear_db < -80.0
    assert found.lfo_rate_hz is None
    assert found.carrier_hz is None
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


def test_a_tremolo_shows_its_gain_over_the_turn():
    def tremolo(dry: np.ndarray) -> np.ndarray:
        turn = 2.0 * np.pi * 4.0 * np.arange(dry.shape[1]) / RATE
        return dry * (1.0 + 0.5 * np.sin(turn))

    found = identify_effect(tremolo, RATE)
    assert found.lfo_rate_hz == pytest.approx(4.0, rel=1e-3)
    (gain_db,) = found.turn.gain_db
    assert max(gain_db) == pytest.approx(20.0 * np.log10(1.5), abs=0.3)
    assert min(gain_db) == pytest.approx(20.0 * np.log10(0.5), abs=0.5)
    assert found.turn.gain_shape == "sine"
    assert found.voices == ()
    assert found.nonlinear_db is not None
    assert found.nonlinear_db < -100.0


def test_a_phaser_shows_its_notches():
    found = identify_effect(lambda dry: phased(dry, 0.9), RATE)
    assert found.lfo_rate_hz == pytest.approx(0.9, rel=1e-3)
    notches = [each for each in found.turn.notches_hz if each]
    assert len(notches) > 24
    for step, each in enumerate(found.turn.notches_hz):
        expected = BREAK_HZ * 2.0 ** np.sin(2.0 * np.pi * (step + 0.5) / 32)
        if each:  # two equal stages are in opposition at the break frequency
            assert min(abs(np.log2(hz / expected)) for hz in each) < 0.15


BREAK_HZ = 1000.0


def phased(dry: np.ndarray, rate_hz: float) -> np.ndarray:
    """Two allpass stages beside the dry sound, their break frequency moved by an octave."""
    block = Phaser(PhaserConfig(RATE / rate_hz, 64, 2))
    turn = 2.0 * np.pi * np.arange(64) / 64
    hertz = BREAK_HZ * 2.0 ** np.sin(turn)
    curve = np.log(np.tan(np.pi * hertz / RATE))
    block.curve.data[0] = torch.from_numpy(interpolating(curve))
    return 0.5 * (dry + play_chain(Chain([block]), dry.astype(np.float32)))


def test_an_echo_shows_its_loop():
    found = identify_effect(lambda dry: echoed(dry, 0.6), RATE)
    assert found.repeats is not None
    assert found.repeats.delay_ms == pytest.approx(250.0, abs=0.1)
    assert found.repeats.feedback == pytest.approx(0.6, abs=0.05)
    assert found.repeats.heads == 1
    assert found.repeats.is_filtered is False
    assert found.repeats.saturates is False
    decay = 0.25 * 60.0 / (-20.0 * np.log10(0.6))
    seconds = [each for each in found.response.decay_seconds if each is not None]
    np.testing.assert_allclose(seconds, decay, rtol=0.1)


def test_an_echo_that_is_filtered_and_saturates_is_told():
    def filtered(sound: np.ndarray) -> np.ndarray:
        return lfilter(*butter(1, 1000.0, fs=RATE), np.tanh(4.0 * sound) / 4.0)

    found = identify_effect(lambda dry: echoed(dry, 0.9, filtered), RATE)
    assert found.repeats is not None
    assert found.repeats.is_filtered
    assert found.repeats.saturates
    words = in_words(found)
    assert any("each round is filtered" in each for each in words)
    assert any("saturates" in each for each in words)


def test_a_filter_repeats_nothing():
    assert identify_effect(upside_down, RATE).repeats is None


def echoed(dry: np.ndarray, feedback: float, change=lambda sound: sound) -> np.ndarray:
    """The dry sound, and half of what comes round a loop of a quarter of a second."""
    delay = RATE // 4
    line = np.zeros((1, dry.shape[1] + delay))
    for start in range(0, dry.shape[1], delay):
        stop = min(start + delay, dry.shape[1])
        fresh = dry[:, start:stop] + feedback * line[:, start:stop]
        line[:, start + delay : stop + delay] = change(fresh)
    return dry + 0.5 * line[:, : dry.shape[1]]


@pytest.mark.parametrize(
    ("shape", "curve"),
    [
        ("sine", np.sin(2.0 * np.pi * np.arange(32) / 32 + 0.7)),
        ("triangle", np.abs(np.arange(32) - 16.0)),
        ("square", np.repeat([0.0, 1.0], 16)),
        ("saw", np.arange(32.0)),
        ("irregular", np.sin(2.0 * np.pi * np.arange(32) / 32) ** 12),
        ("still", np.ones(32)),
    ],
)
def test_curves_bear_their_names(shape, curve):
    assert curve_shape(curve) == shape


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
