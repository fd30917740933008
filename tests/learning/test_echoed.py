"""Echoes whose truth is known are found: when they come, how they fade and how they bend."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from tests.learning.sounds import CPU, RATE, cabinet, overdrive, playing
from wetprint.identify.echo import find_bursts
from wetprint.learning import echo_heads
from wetprint.learning.echo_heads import find_heads
from wetprint.learning.echo_inputs import Head
from wetprint.learning.echoed import solve_echoed
from wetprint.learning.linear import never
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.models import Chain, Model, load_model, save_model
from wetprint.models.echo import Echo
from wetprint.playing import ModelStream

DELAY = 1200
COLOUR = butter(1, 0.4)


def repeated(dry: np.ndarray, heads: dict[int, float], feedback: float, bend=None) -> np.ndarray:
    """Play an echo, one delay at a time: a low-pass in the loop, and a curve where there is one."""
    first, time = min(heads), dry.shape[-1]
    line, heard, state = np.zeros(time), np.zeros(time), np.zeros(1)
    for start in range(0, time, first):
        here = slice(start, min(start + first, time))
        arrived = np.zeros(here.stop - start)
        for delay, gain in heads.items():
            past = np.arange(here.start, here.stop) - delay
            arrived += gain * np.where(past >= 0, line[np.maximum(past, 0)], 0.0)
        bent = arrived if bend is None else bend(arrived)
        heard[here], state = lfilter(*COLOUR, bent, zi=state)
        line[here] = dry[0, here] + feedback * heard[here]
    return heard[None]


def effect(heads: dict[int, float], feedback: float, bend=None):
    return lambda dry: (0.6 * dry + repeated(dry, heads, feedback, bend)).astype(np.float32)


def material(plays, seconds: float = 20.0) -> Material:
    dry, kept = playing(seconds, 0), playing(6, 1)
    return Material((Take(dry, plays(dry)),), (Take(kept, plays(kept)),), RATE)


def the_echo(chain: Chain) -> Echo:
    return next(each for each in chain.modules() if isinstance(each, Echo))


def test_bursts_stand_where_the_echoes_are():
    dry = playing(20, 0)
    wet = effect({DELAY: 0.8}, 0.9)(dry)
    onsets = [each.onset for each in find_bursts(dry[0], wet[0], RATE)][:3]
    np.testing.assert_allclose(onsets, [DELAY, 2 * DELAY, 3 * DELAY], atol=4)


@pytest.mark.parametrize("feedback", [0.0, 0.5, -0.7])
def test_a_linear_echo_is_solved_to_the_end_of_its_repeats(feedback):
    heard = material(effect({DELAY: 0.5}, feedback))
    chain = solve_echoed(heard)
    assert chain is not None
    assert validation_esr(chain, heard, CPU) < 1e-6
    echo = the_echo(chain)
    assert abs(echo.config.delay_samples - DELAY) < 64
    loop = echo.playback[0].response[0, 1].detach().numpy()  # what was heard, one echo later
    assert np.abs(np.fft.rfft(loop, 4096))[200] == pytest.approx(
        abs(feedback) * 0.5 * np.abs(np.fft.rfft(lfilter(*COLOUR, np.eye(1, 99)[0]), 4096))[200],
        abs=0.01,
    )


def test_a_delay_between_two_samples_is_solved_too():
    half = np.sinc(np.arange(-40, 41) - 0.5) * np.hanning(81)

    def between(dry):
        late = np.convolve(repeated(dry, {DELAY: 0.5}, 0.0)[0], half)[40 : 40 + dry.shape[-1]]
        return (cabinet(dry) + late).astype(np.float32)

    heard = material(between)
    chain = solve_echoed(heard)
    assert chain is not None
    assert validation_esr(chain, heard, CPU) < 1e-5


def test_two_heads_are_told_from_one_that_repeats():
    two = find_heads(material(effect({DELAY: 0.5, 2000: 0.3}, 0.3)), never)
    assert len(two) == 2
    assert two[1].delay_samples - two[0].delay_samples == 2000 - DELAY
    assert two[1].gain == pytest.approx(0.6, abs=0.02)
    assert len(find_heads(material(effect({DELAY: 0.5}, 0.6)), never)) == 1


@pytest.mark.parametrize("off", [-3, 2])
def test_a_head_that_was_seen_beside_its_place_is_put_there(off, monkeypatch):
    """Curves and noise make filters look most alike some samples away."""
    first, second = find_heads(material(effect({DELAY: 0.5, 2000: 0.3}, 0.3)), never)
    aside = Head(second.delay_samples + off, 1.0)
    monkeypatch.setattr(echo_heads, "_aligned", lambda *_: aside)
    again = find_heads(material(effect({DELAY: 0.5, 2000: 0.3}, 0.3)), never)
    assert [each.delay_samples for each in again] == [first.delay_samples, second.delay_samples]
    assert again[1].gain == pytest.approx(second.gain, rel=0.02)


def test_a_loop_that_saturates_is_found():
    def bend(line):
        return np.tanh(3.0 * line) / 3.0

    heard = material(effect({DELAY: 0.9}, 0.5, bend))
    linear = solve_echoed(heard, stop=lambda: True)
    chain = solve_echoed(heard)
    assert linear is not None
    assert chain is not None
    error = validation_esr(chain, heard, CPU)
    assert error < 1e-3
    assert error < 0.1 * validation_esr(linear, heard, CPU)


@pytest.mark.parametrize("plays", [cabinet, overdrive, np.copy], ids=["filter", "drive", "wire"])
def test_where_there_is_no_echo_none_is_found(plays):
    assert solve_echoed(material(plays)) is None


def test_a_loop_that_would_sound_for_ever_is_refused():
    def howling(dry):
        return effect({150: 1.0}, 1.005)(dry)  # grows slowly enough to be recorded

    short = material(howling, seconds=8)
    assert solve_echoed(short) is None


def test_stereo_is_left_to_others():
    heard = material(lambda dry: np.repeat(effect({DELAY: 0.5}, 0.3)(dry), 2, axis=0))
    assert solve_echoed(heard) is None


def test_what_was_solved_is_saved_and_plays_in_blocks(tmp_path):
    chain = solve_echoed(material(effect({DELAY: 0.5, 2000: 0.3}, 0.3)), stop=lambda: True)
    assert chain is not None
    save_model(Model(chain, RATE), tmp_path / "echo.wetprint")
    stream = ModelStream(load_model(tmp_path / "echo.wetprint"), 1)
    dry = playing(2, 5)
    pieces = [stream.process(each) for each in np.array_split(dry, 37, axis=-1)]
    whole = chain(torch.from_numpy(dry)[None])[0].detach().numpy()
    np.testing.assert_allclose(np.concatenate(pieces, -1), whole, atol=1e-4)
