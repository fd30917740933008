"""Effects that move are solved to what they are, from chirps and from plain recordings."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from wetprint.blocks.modulated_delay import ModulatedDelay
from wetprint.identify.moving_taps import MovingTap
from wetprint.learning.budget import Budget
from wetprint.learning.config import LearnConfig
from wetprint.learning.linear import never
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.modulated import MovingDelays, MovingDelaySolver
from wetprint.learning.moving import find_motion, moving_chain, solve_modulated
from wetprint.learning.race import Race
from wetprint.models.chain import Chain
from wetprint.models.recipes import RECIPES
from wetprint.signals import playing

RATE = 24_000
CPU = torch.device("cpu")


def flanger(feedback: float = 0.5, interpolation: str = "linear") -> Chain:
    """Two sides, each with a voice of its own, coloured; the dry signal beside them."""
    taps = (
        MovingTap(np.array([60.0, 20.0, 8.0]), 1.0, feedback),
        MovingTap(np.array([61.0, -8.0, 20.0]), 1.0, feedback),
    )
    colours = np.zeros((2, 3, 4))
    colours[:, 0, 0] = 0.7
    colours[0, 1] = [0.4, 0.1, 0.0, 0.0]
    colours[1, 2] = [0.4, 0.0, -0.1, 0.0]
    return moving_chain(MovingDelays(RATE / 0.9, taps, interpolation, colours))


def material_of(chain: Chain, drives: bool) -> Material:
    def play(dry: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return chain(torch.from_numpy(dry)[None])[0].numpy()

    def take(seconds: float, seed: int) -> Take:
        dry = playing(seconds, seed, RATE)
        dry += 0.003 * np.random.default_rng(seed).standard_normal(dry.shape).astype(np.float32)
        return Take(dry, play(dry))

    return Material(
        (take(18.0, 1),), (take(4.0, 2),), RATE, repeatability=0.0, drive=play if drives else None
    )


@pytest.mark.parametrize("drives", [True, False], ids=["chirps", "plain playing"])
def test_a_flanger_is_solved(drives):
    material = material_of(flanger(), drives)
    motion = find_motion(material)
    assert motion is not None
    solved = solve_modulated(material, motion, never)
    assert solved is not None
    assert validation_esr(solved, material, CPU) < 1e-4
    lines = [block for branch in solved[0] for block in branch if isinstance(block, ModulatedDelay)]
    assert len(lines) == 2
    for line in lines:
        assert line.config.period_samples == pytest.approx(RATE / 0.9, rel=1e-4)
        assert line.feedback.item() == pytest.approx(0.5, abs=0.01)


def test_how_the_box_reads_between_samples_is_found():
    material = material_of(flanger(0.0, "lagrange"), True)
    motion = find_motion(material)
    assert motion is not None
    solved = solve_modulated(material, motion, never)
    assert solved is not None
    lines = [block for branch in solved[0] for block in branch if isinstance(block, ModulatedDelay)]
    assert {line.config.interpolation for line in lines} == {"lagrange"}


def test_the_race_takes_what_moves_and_stops_there():
    material = material_of(flanger(), True)
    budget = Budget(5.0, None, time.monotonic())
    race = Race(material, LearnConfig(), budget, CPU)
    candidates = race.run(list(RECIPES.values()))
    assert candidates[0].recipe == "modulated_delay"
    assert not any(RECIPES[each.recipe].trained for each in candidates)


def test_a_take_from_the_middle_knows_its_time():
    chain = flanger()
    whole = material_of(chain, False)
    take = whole.training[0]
    cut = Take(take.dry[:, 5000:], take.wet[:, 5000:], heard_from=9000, start_sample=5000)
    late = Take(take.dry[:, 5000:], take.wet[:, 5000:], heard_from=9000)
    right = Material((cut,), (cut,), RATE)
    wrong = Material((late,), (late,), RATE)
    assert validation_esr(chain, right, CPU) < 1e-6
    assert validation_esr(chain, wrong, CPU) > 1e-3


def test_a_step_does_not_carry_the_rate_away():
    """A hundredth of a turn of noise says nothing of a rate, and any step is as good."""
    for seed in range(8):
        generator = np.random.default_rng(seed)
        dry, wet = generator.standard_normal((2, 1, 8000)).astype(np.float32)
        tap = MovingTap(np.array([60.0, 20.0, 5.0]), 1.0)
        start = MovingDelays(400_000.0, (tap,), "linear", np.zeros(0))
        solver = MovingDelaySolver([Take(dry, wet)], 100, has_feedback=False)
        found = solver.solve(start, 8, 1, never).delays
        assert 0.5 < start.period_samples / found.period_samples < 2.0
