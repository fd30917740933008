"""A filter that follows the level, found from known truths, and never where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from wetprint.blocks.compressor import Compressor, CompressorConfig
from wetprint.blocks.envelope_filter import EnvelopeFilter, EnvelopeFilterConfig
from wetprint.identify.envelope_filter import hear_filter
from wetprint.identify.envelope_filter_search import FilterSearch
from wetprint.identify.identification import identify_effect
from wetprint.identify.recording import Recording
from wetprint.judging.findings import in_words
from wetprint.learning.envelope_filter import solve_envelope_filter
from wetprint.learning.linear import solve_linear_model
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.models.chain import Chain
from wetprint.models.playing import play_chain
from wetprint.signals import playing

RATE = 16_000
ATTACK_SECONDS, RELEASE_SECONDS = 0.008, 0.12


def wah(upwards: bool = True) -> EnvelopeFilter:
    """Return a low-pass that resonates, between 250 Hz and 2 kHz."""
    block = EnvelopeFilter(EnvelopeFilterConfig(knots=15, damping_terms=1, mix_terms=1))
    knots_db = np.linspace(-72.0, 12.0, 15)
    swing = np.clip(10.0 ** ((knots_db + 8.0) / 20.0), 0.0, 1.0)
    hertz = 250.0 * 8.0 ** (swing if upwards else 1.0 - swing)
    block.log_cutoff.data = torch.from_numpy(np.log(np.tan(np.pi * hertz / RATE))).float()
    block.attack_log.data.fill_(float(np.log(ATTACK_SECONDS * RATE)))
    block.release_log.data.fill_(float(np.log(RELEASE_SECONDS * RATE)))
    block.window_log.data.fill_(-2.0)
    block.smoothing_log.data.fill_(-2.0)
    block.log_damping.data.fill_(-1.0)
    block.mix.data = torch.tensor([[0.1], [0.3], [1.0]])
    return block.requires_grad_(False)


def material(effect) -> Material:
    takes = [
        Take(dry, effect(dry).astype(np.float32))
        for dry in (playing(12, 0, RATE), playing(4, 1, RATE))
    ]
    return Material((takes[0],), (takes[1],), RATE)


def through(chain: Chain):
    return lambda dry: play_chain(chain, dry)


def error_of_a_filter(heard: Material) -> float:
    return solve_linear_model(heard, 512).error


def solved(heard: Material) -> Chain | None:
    return solve_envelope_filter(heard, error_of_a_filter(heard), lambda: False, lambda: False)


def filter_of(chain: Chain) -> EnvelopeFilter:
    (block,) = [each for each in chain if isinstance(each, EnvelopeFilter)]
    return block


def test_a_cutoff_that_follows_the_level_is_found_with_its_times():
    truth = wah()
    heard = material(through(Chain([truth])))
    chain = solved(heard)
    assert chain is not None
    assert validation_esr(chain, heard, torch.device("cpu")) < 0.003
    assert error_of_a_filter(heard) > 0.05
    found = filter_of(chain)
    assert found.config.detection == "peak"
    assert float(found.release_log.exp()) / RATE == pytest.approx(RELEASE_SECONDS, rel=0.1)
    level = torch.linspace(-30.0, -12.0, 20)
    aside = found.curve_at(level) - truth.curve_at(level)
    assert aside.abs().max() < 0.1  # of the logarithm


def test_two_sides_have_filters_of_their_own_behind_a_cutoff_that_falls():
    def effect(dry: np.ndarray) -> np.ndarray:
        moved = play_chain(Chain([wah(upwards=False)]), dry)
        return np.concatenate([moved, lfilter(*butter(1, 0.3), -0.5 * moved)])

    heard = material(effect)
    chain = solved(heard)
    assert chain is not None
    assert validation_esr(chain, heard, torch.device("cpu")) < 0.003


def test_identification_says_that_a_filter_follows_the_level():
    found = identify_effect(through(Chain([wah()])), RATE)
    assert found.sweep is not None
    assert found.sweep.loud_hz > 1.5 * found.sweep.soft_hz
    assert found.sweep.release_ms == pytest.approx(1000.0 * RELEASE_SECONDS, rel=0.15)
    assert any(line.startswith("auto-wah: a filter from") for line in in_words(found))


def overdrive(dry: np.ndarray) -> np.ndarray:
    return np.tanh(8.0 * lfilter(*butter(1, 0.05, "high"), dry)) + 0.3 * dry


def compressor(dry: np.ndarray) -> np.ndarray:
    return play_chain(Chain([Compressor(CompressorConfig())]).requires_grad_(False), dry)


def tremolo(dry: np.ndarray) -> np.ndarray:
    return dry * (0.6 + 0.4 * np.sin(2.0 * np.pi * 5.3 / RATE * np.arange(dry.shape[1])))


@pytest.mark.parametrize("effect", [overdrive, compressor, tremolo])
def test_what_else_depends_on_the_level_or_moves_is_no_such_filter(effect):
    assert solved(material(effect)) is None


def test_silence_and_what_is_shorter_than_a_stretch():
    silence = np.zeros((1, RATE), np.float32)
    assert hear_filter([], RATE, 4) is None
    assert FilterSearch([Recording(silence, silence)], RATE, 1.0).find() is None
    dry = playing(2, 0, RATE)
    heard = hear_filter([Recording(dry, dry)], RATE, 4)
    assert heard is not None
    assert heard.dry.shape == (1, 1, 2 * RATE)


def test_a_search_that_is_told_to_stop_ends_with_what_it_has():
    heard = material(through(Chain([wah()])))
    chain = solve_envelope_filter(heard, error_of_a_filter(heard), lambda: True, lambda: True)
    assert chain is None or validation_esr(chain, heard, torch.device("cpu")) < 1.0
