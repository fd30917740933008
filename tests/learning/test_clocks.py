"""Recordings of a box whose LFO runs free are heard as if one clock had run through all of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.learning.sounds import CPU, RATE, playing
from wetprint.blocks.periodic import interpolating
from wetprint.blocks.phaser import Phaser, PhaserConfig
from wetprint.learning.clocks import on_one_clock
from wetprint.learning.linear import never
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.models.chain import Chain
from wetprint.models.lfo import start_of_turn, with_lfo_speed
from wetprint.models.playing import play_chain

PERIOD, KNOTS = 3_200.0, 32


@pytest.fixture(scope="module")
def pedal() -> Chain:
    """A phaser without a dry path, whose sweep is deep enough to be seen in noise."""
    block = Phaser(PhaserConfig(PERIOD, KNOTS, 4))
    turn = 2.0 * np.pi * np.arange(KNOTS) / KNOTS
    block.curve.data[0] = torch.from_numpy(interpolating(-1.0 + 1.2 * np.sin(turn)))
    return Chain([block])


def recorded(pedal: Chain, number: int, seconds: float, phase: float, speed: float) -> Take:
    """Play a take through a pedal that began somewhere in its turn."""
    dry = playing(seconds, 10 + number)
    running = with_lfo_speed(pedal, speed)
    wet = play_chain(running, dry, start_of_turn(running, phase))
    return Take(dry, wet, name=f"take {number}", recording=number)


def test_one_lfo_explains_all_recordings(pedal):
    """The second recording begins elsewhere in the turn, and its LFO is a bit faster."""
    first, second = recorded(pedal, 0, 16, 0.0, 1.0), recorded(pedal, 1, 8, 0.4, 1.004)
    material = Material((first, second), (second,), RATE)
    assert validation_esr(pedal, material, CPU) > 0.3
    told = on_one_clock(material, never)
    assert validation_esr(pedal, told, CPU) < 0.003
    assert told.notes == ("an LFO that runs free was followed through the recordings",)
    assert sum(each.scored_samples for each in told.training) == 24 * RATE  # nothing is lost


def test_a_recording_of_something_else_is_left_out(pedal):
    first, second = recorded(pedal, 0, 16, 0.0, 1.0), recorded(pedal, 1, 8, 0.4, 1.0)
    other = Take(second.dry, second.dry[:, ::-1].copy(), name="mistaken", recording=2)
    told = on_one_clock(Material((first, second, other), (second, other), RATE), never)
    assert {each.recording for each in (*told.training, *told.validation)} == {0, 1}
    assert any("mistaken" in each for each in told.notes)


def test_what_stands_still_or_can_be_driven_is_left_alone(pedal):
    still = Material(
        (Take(playing(16, 3), playing(16, 3)),), (Take(playing(2, 4), 0.5 * playing(2, 4)),), RATE
    )
    assert on_one_clock(still, never) is still
    take = recorded(pedal, 0, 16, 0.0, 1.0)
    driven = dataclasses.replace(Material((take,), (take,), RATE), drive=lambda dry: dry)
    assert on_one_clock(driven, never) is driven


def test_a_sweep_through_a_compressor_has_no_lfo():
    """What is heard of a sweep changes all the time; a drum recorded beside it is no mistake."""
    time = np.arange(16 * RATE) / RATE
    level = 0.3 * time / 16
    frequency = 20.0 * (0.45 * RATE / 20.0) ** (time / 16)
    sweep = level * np.sin(2.0 * np.pi * np.cumsum(frequency) / RATE)
    drum = 0.4 * playing(0.5, 4)[0]
    heard = [("sweep", sweep, sweep / (1.0 + 20.0 * level)), ("drum", drum, 0.3 * drum)]
    takes = [
        Take(np.float32(dry)[None], np.float32(wet)[None], name=name, recording=number)
        for number, (name, dry, wet) in enumerate(heard)
    ]
    material = Material(tuple(takes), tuple(takes), RATE)
    assert on_one_clock(material, never) is material
