"""State-variable filters in a row, whose cutoff and damping move from sample to sample.

A section has two integrators by the trapezoidal rule, a band-pass and a low-pass that are heard,
and its band-pass times its damping enters the next section (Zavalishin 2012, The Art of VA Filter
Design, sections 3.10 and 4). With the input, what is heard spans every transfer function that has
the poles of these sections. However cutoff and damping move, the integrators' energy never grows by
itself: a sample turns and shrinks it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wetprint.engine.presence import runs
from wetprint.engine.scan import SCAN_SAMPLES, scanned

MOST_SECTIONS = 3


def state_variable(
    audio: Tensor, cutoff: Tensor, damping: Tensor, memory: Tensor
) -> tuple[Tensor, Tensor]:
    """Send audio through sections in a row.

    By the engine for float32 on the CPU; its gradients cannot be differentiated again, and reach
    everything but the memory.

    Args:
        audio: ``(batch, channels, time)``.
        cutoff: ``tan(pi f / sample_rate)`` of every section, above 0, broadcasting to it.
        damping: the reciprocal of Q, above 0, likewise.
        memory: ``(batch, channels, sections, 2)``, what an earlier call left; zeros after silence.

    Returns:
        ``(batch, channels, 2 * sections, time)``, every section's band-pass and low-pass, and the
        memory.
    """
    sections = memory.shape[-2]
    cutoff, damping = cutoff.expand(audio.shape), damping.expand(audio.shape)
    if not runs(audio, cutoff, damping, memory):
        return _twin(audio, cutoff, damping, memory)
    rows = [each.flatten(0, 1) for each in (audio, cutoff, damping)]
    states, left = _StateVariable.apply(*rows, memory.flatten(2).flatten(0, 1))
    return states.view(*audio.shape[:2], 2 * sections, -1), left.view(memory.shape)


def _twin(audio: Tensor, cutoff: Tensor, damping: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
    """Do the same by products of the maps that lead from sample to sample."""
    shrink = 1.0 / (1.0 + cutoff * (cutoff + damping))
    turn, drive = 2.0 * cutoff * shrink, 2.0 * cutoff * cutoff * shrink
    rows = [torch.stack([2.0 * shrink - 1.0, -turn], -1), torch.stack([turn, 1.0 - drive], -1)]
    maps, enters = torch.stack(rows, -2), torch.stack([turn, drive], -1)
    states, left = [], []
    for section in range(memory.shape[-2]):
        held, parts = memory[..., section, :], []
        for first in range(0, audio.shape[-1], SCAN_SAMPLES):
            now = slice(first, first + SCAN_SAMPLES)
            added = enters[..., now, :] * audio[..., now, None]
            after = scanned(maps[..., now, :, :], added, held)
            before = torch.cat([held[..., None, :], after[..., :-1, :]], -2)
            parts.append(0.5 * (before + after))
            held = after[..., -1, :]
        heard = torch.cat([audio.new_zeros((*audio.shape[:2], 0, 2)), *parts], -2)
        states += [heard[..., 0], heard[..., 1]]
        left.append(held)
        audio = damping * heard[..., 0]
    return torch.stack(states, -2), torch.stack(left, -2)


class _StateVariable(torch.autograd.Function):
    """Over rows: audio, cutoff and damping ``(rows, time)``, memory ``(rows, 2 * sections)``."""

    @staticmethod
    def forward(
        ctx: Any, audio: Tensor, cutoff: Tensor, damping: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        from wetprint import _engine

        kept = [each.detach().contiguous() for each in (audio, cutoff, damping, memory)]
        left = kept[-1].clone()
        states = audio.new_empty((left.numel(), audio.shape[-1]))
        _engine.play_state_variable(*kept[:-1], left, states, torch.get_num_threads())
        ctx.save_for_backward(*kept)
        ctx.mark_non_differentiable(left)
        return states, left

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        kept = [each.detach() for each in ctx.saved_tensors]
        slopes = [torch.empty_like(each) for each in kept[:-1]]
        arrived = gradients[0].contiguous()
        _engine.play_state_variable_backward(*kept, arrived, *slopes, torch.get_num_threads())
        return (*slopes, None)
