"""The gain of a compressor whose detector hears what the compressor plays.

The detector's past decides what it hears next, so that level, curve and follower are one recursion
(Giannoulis, Massberg and Reiss 2012, Digital Dynamic Range Compressor Design, JAES 60(6), figure 6,
which hears the sample before). Made differentiable as in ``envelope.py``: which branch
a sample takes is a constant.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wetprint.engine.presence import runs

STATE = 4
"""What a row holds from sample to sample: window, hold, smoother, and what came out."""


@dataclass(frozen=True)
class FeedbackDetector:
    """What a detector hears and does.

    Attributes:
        squares: whether it hears mean squares instead of amplitudes.
        follows_level: whether the level in front of the curve is followed instead of the gain in dB
            behind it.
        decoupled: whether it holds and smooths instead of branching.
        grid: the lowest and the highest level of a free curve's knots, dBFS; empty for a knee.
    """

    squares: bool
    follows_level: bool
    decoupled: bool
    grid: tuple[float, float] | tuple[()]


def feedback_gain(
    heard: Tensor,
    detector: FeedbackDetector,
    rates: Tensor,
    values: Tensor,
    curve: Callable[[Tensor], Tensor],
    past: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the gain in dB at every sample, and the state that remains.

    By the engine for float32 on the CPU, where gradients cannot be differentiated again, and the
    state has none.

    Args:
        heard: amplitudes or squares before the gain, ``(rows, time)`` with time > 0.
        detector: what is done with them.
        rates: of the smoothing in front of everything, the attack and the release, ``(3,)``, each
            0 to 1.
        values: gains at the knots, or threshold, slopes below and above, width and make-up.
        curve: the same curve as a function of the level in dBFS, for where the engine does not run.
        past: ``(rows, 4)`` in double precision, see STATE.

    Returns:
        ``(rows, time)`` and ``(rows, 4)``.
    """
    if not runs(heard, rates, values):
        return _by_samples(heard, detector, rates, curve, past)
    gains, states = [], []
    for row, begun in zip(heard, past, strict=True):
        gain, state = _FeedbackGain.apply(row, rates, values, begun, detector)
        gains.append(gain)
        states.append(state)
    return torch.stack(gains), torch.stack(states)


class _FeedbackGain(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        heard: Tensor,
        rates: Tensor,
        values: Tensor,
        past: Tensor,
        detector: FeedbackDetector,
    ) -> tuple[Tensor, Tensor]:
        from wetprint import _engine

        heard, values = heard.detach().contiguous(), values.detach().contiguous()
        given = (
            *(detector.squares, detector.follows_level, detector.decoupled),
            rates.detach().double().contiguous(),
            values,
            torch.tensor(detector.grid, dtype=torch.float64),
            past.detach().double().contiguous(),
        )
        states = torch.empty(len(heard), STATE, dtype=torch.float64)
        gain = torch.empty_like(heard)
        _engine.feedback_gain(heard, *given, states, gain)
        ctx.given, ctx.states = given, states
        last = states[-1].clone()
        ctx.mark_non_differentiable(last)
        return gain, last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        *_, values, _, past = ctx.given
        to_heard = torch.empty_like(gradients[0])
        sums = [torch.zeros(each, dtype=torch.float64) for each in (3, len(values), STATE)]
        slope = gradients[0].contiguous()
        _engine.feedback_gain_backward(*ctx.given, ctx.states, slope, to_heard, *sums)
        to_rates, to_values, to_past = sums
        return to_heard, to_rates.float(), to_values.float(), to_past.to(past), None


def _by_samples(
    heard: Tensor,
    detector: FeedbackDetector,
    rates: Tensor,
    curve: Callable[[Tensor], Tensor],
    past: Tensor,
) -> tuple[Tensor, Tensor]:
    """Run the recursion as it is written, for PyTorch to differentiate."""
    smoothing, attack, release = rates.unbind()
    window, held, smooth, returned = past.to(heard).unbind(-1)
    power = (2.0 if detector.squares else 1.0) * math.log(10.0) / 20.0
    rise_rate = torch.ones_like(attack) if detector.decoupled else attack
    gains = []
    for sample in heard.unbind(-1):
        window = window + smoothing * (returned - window)
        wanted = window if detector.follows_level else -curve(_level_db(window, detector))
        rise = wanted - held
        held = held + torch.where(rise > 0, rise_rate, release) * rise
        smooth = smooth + attack * (held - smooth) if detector.decoupled else held
        gain_db = curve(_level_db(smooth, detector)) if detector.follows_level else -smooth
        returned = sample * torch.exp(power * gain_db)
        gains.append(gain_db)
    return torch.stack(gains, -1), torch.stack([window, held, smooth, returned], -1)


def _level_db(heard: Tensor, detector: FeedbackDetector) -> Tensor:
    least, scale = (1e-16, 10.0) if detector.squares else (1e-8, 20.0)
    return scale * torch.log10(heard.clamp(min=least))
