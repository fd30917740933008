"""Moving reverbs: measured from effects whose every response is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.signal import oaconvolve

from tests.engine.present import needs_engine
from wetprint.blocks.block import Block
from wetprint.learning.linear import solve_linear_models
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.reverberant import (
    coprime_steps,
    solve_reverberant,
    tail_samples,
)
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.playing import engine_players
from wetprint.models.registry import block_name

RATE = 8000
PERIOD_S = 0.9
CPU = torch.device("cpu")


def playing(seconds: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    samples = int(seconds * RATE)
    envelope = np.exp(-(np.arange(samples) % 3000) / 700) * generator.uniform(0.2, 0.8)
    return (generator.standard_normal((1, samples)) * 0.4 * envelope).astype(np.float32)


def tail(seed: int, seconds_for_60_db: float = 0.5) -> np.ndarray:
    """Noise that dies away, on two sides, a little late: ``(2, time)``."""
    falling = 10.0 ** (-3.0 * np.arange(int(0.6 * RATE)) / RATE / seconds_for_60_db)
    response = 0.05 * np.random.default_rng(seed).standard_normal((2, len(falling))) * falling
    response[:, :30] = 0.0
    return response


STILL = tail(0)
STILL[:, 0] = 1.0
MOVING = {1: tail(1), 2: tail(2)}  # by how often it comes around in a cycle


def hall(dry: np.ndarray, seconds: float = PERIOD_S) -> np.ndarray:
    """What a sound becomes depends on when it enters, and repeats every so many seconds."""
    turn = 2.0 * np.pi * np.arange(dry.shape[-1]) / RATE / seconds
    wet = oaconvolve(dry, STILL, axes=-1)
    for times, response in MOVING.items():
        wet += oaconvolve(dry * np.sin(times * turn), response, axes=-1)
    return wet[:, : dry.shape[-1]].astype(np.float32)


def material(effect, repeatability=None) -> Material:
    dry, kept = playing(12, 0), playing(4, 1)
    return Material(
        (Take(dry, effect(dry)),), (Take(kept, effect(kept)),), RATE, repeatability, effect
    )


def moving_block(chain: Chain) -> Block:
    (parallel,) = chain
    assert isinstance(parallel, Parallel)
    _, (moving,) = parallel
    return moving


def test_a_moving_tail_is_played_as_it_moves():
    heard = material(hall)
    chain = solve_reverberant(heard)
    assert chain is not None
    best_still = min(each.error for each in solve_linear_models(heard))
    error = validation_esr(chain, heard, CPU)
    assert best_still > 0.05  # no impulse response does
    assert error < 1e-4
    moving = moving_block(chain)
    assert block_name(moving) == "moving_fir"
    assert moving.config.period_samples == pytest.approx(PERIOD_S * RATE, rel=1e-4)


@needs_engine
def test_engine_and_twin_play_it_alike():
    chain = solve_reverberant(material(hall))
    assert chain is not None
    dry = playing(2, 7)
    players = engine_players(chain)
    expected = chain(torch.from_numpy(dry)[None])[0].numpy()
    np.testing.assert_allclose(players[0].process(dry), expected, atol=1e-4)


def test_a_tail_above_the_low_rate_stands_still_but_dies_away_as_it_should():
    """Played with nothing high, so that the highs of the tail are not worth their motion."""
    low = np.sin(2 * np.pi * 200.0 * np.arange(4 * RATE) / RATE)[None].astype(np.float32) * 0.3
    heard = Material((Take(low, hall(low)),), (Take(low, hall(low)),), RATE, drive=hall)
    chain = solve_reverberant(heard)
    assert chain is not None
    assert moving_block(chain).config.decimation > 2
    impulse = np.zeros((1, RATE), np.float32)
    impulse[0, 0] = 1.0
    wet, played = hall(impulse), chain(torch.from_numpy(impulse)[None])[0].numpy()
    energy = [
        np.square(np.abs(np.fft.rfft(each[:, 800:]))[:, 3000:]).sum() for each in (wet, played)
    ]
    assert energy[1] == pytest.approx(energy[0], rel=0.25)  # the mean alone has a half of it


def test_what_stands_still_or_is_soon_over_or_cannot_be_played_is_left_to_others():
    def room(dry: np.ndarray) -> np.ndarray:
        return oaconvolve(dry, STILL, axes=-1)[:, : dry.shape[-1]].astype(np.float32)

    def tremolo(dry: np.ndarray) -> np.ndarray:
        turn = 2.0 * np.pi * np.arange(dry.shape[-1]) / RATE / PERIOD_S
        return (dry * (1.0 + 0.5 * np.sin(turn))).astype(np.float32)

    for effect in (room, tremolo):
        assert solve_reverberant(material(effect)) is None
    assert solve_reverberant(dataclasses.replace(material(hall), drive=None)) is None
    assert solve_reverberant(material(hall, repeatability=0.01)) is None


def test_being_stopped_leaves_nothing_half_measured():
    heard = material(hall)
    asked = iter([False, False, False, True])
    assert solve_reverberant(heard, stop=lambda: next(asked)) is None
    assert next(asked, None) is None


def test_the_tail_is_as_long_as_it_falls_to_a_thousandth():
    falling = 10.0 ** (-3.0 * np.arange(2 * RATE) / RATE / 0.5)[None]

    def room(dry: np.ndarray) -> np.ndarray:
        return oaconvolve(dry, falling, axes=-1)[:, : dry.shape[-1]]

    assert tail_samples(room, RATE) == pytest.approx(0.5 * RATE, rel=0.01)


@pytest.mark.parametrize(
    ("taps", "count", "period"), [(100, 8, 200.0), (999, 245, 777.7), (5, 16, 900)]
)
def test_impulses_are_far_enough_apart_and_visit_every_moment(taps, count, period):
    steps = coprime_steps(taps, count, period)
    assert steps * period / count >= taps
    assert {number * steps % count for number in range(count)} == set(range(count))
