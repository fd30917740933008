"""A delay line whose output returns to its input, at a delay that changes with every sample.

Flangers, echoes and comb filters are this: ``y[t] = x[t] + feedback * y(t - delay[t])``, read
between samples as ``delay_line.py`` does. The operator is linear in ``x``, and its adjoint is the
same loop run from the end to the beginning.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from wetprint.engine.delay_line import (
    INTERPOLATIONS,
    NEWER_SAMPLES,
    check_interpolation,
    read_delay_line_twin,
)
from wetprint.engine.presence import runs

FADED = 1e-8
"""A round of the loop that returns less than this (-160 dB) is the twin's last."""


def recirculate(
    audio: Tensor,
    delay: Tensor,
    feedback: Tensor,
    interpolation: str = "linear",
    past: Tensor | None = None,
) -> Tensor:
    """Return y with ``y[t] = audio[t] + feedback * y(t - delay[t])``.

    By the engine for float32 on the CPU; its gradients cannot be differentiated again, and reach
    audio, delay and feedback, not the past.

    Args:
        audio: ``(batch, channels, time)``.
        delay: in samples, broadcasting to ``(batch, channels, time)``; held to what the
            interpolation can read without hearing the present (1, 2 or 8 samples at least).
        feedback: broadcasting to ``(batch, channels)``; below 1 in size, or the loop runs away.
        interpolation: one of INTERPOLATIONS.
        past: ``(batch, channels, any)``, y before the first sample; silence if None.

    Returns:
        ``(batch, channels, time)``.

    Raises:
        ValueError: an unknown interpolation.
    """
    check_interpolation(interpolation)
    past = audio.new_zeros((*audio.shape[:2], 0)) if past is None else past
    delay, feedback = delay.expand(audio.shape), feedback.expand(audio.shape[:2])
    if not runs(audio, delay, feedback, past):
        return recirculate_twin(audio, delay, feedback, interpolation, past)
    flat = [each.flatten(0, 1) for each in (audio, delay, past)]
    method = INTERPOLATIONS.index(interpolation)
    return _Recirculate.apply(*flat, feedback.reshape(-1), method).view(audio.shape)


def recirculate_twin(
    audio: Tensor, delay: Tensor, feedback: Tensor, interpolation: str, past: Tensor
) -> Tensor:
    """Do what recirculate does, round after round, until the loop has faded away.

    Each round is exact for one shortest delay more, so that even a loop that hardly fades ends.
    """
    shortest = NEWER_SAMPLES[interpolation] + 1
    delay = delay.clamp(min=shortest)
    least = max(shortest, int(delay.detach().min()) - NEWER_SAMPLES[interpolation])
    rounds = -(-audio.shape[-1] // least)
    size, returned = feedback.detach().abs().max().item(), 1.0
    heard = audio
    for _ in range(rounds + 1):
        line = torch.cat([past, heard], dim=-1)
        read = read_delay_line_twin(line, delay, interpolation, past.shape[-1])
        heard = audio + feedback[..., None] * read
        returned *= size
        if returned < FADED:
            break
    return heard


class _Recirculate(torch.autograd.Function):
    """The loop over rows: audio and delay ``(rows, time)``, past ``(rows, any)``."""

    @staticmethod
    def forward(
        ctx: Any, audio: Tensor, delay: Tensor, past: Tensor, feedback: Tensor, method: int
    ) -> Tensor:
        from wetprint import _engine

        audio, delay, feedback = (each.detach().contiguous() for each in (audio, delay, feedback))
        line = functional.pad(past.detach(), (0, audio.shape[-1]))
        _engine.recirculate(method, audio, delay, feedback, line, torch.get_num_threads())
        ctx.save_for_backward(delay, feedback, line)
        ctx.method = method
        return line[:, past.shape[-1] :].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        delay, feedback, line = (each.detach() for each in ctx.saved_tensors)
        slopes = torch.empty_like(delay), torch.empty_like(delay), torch.empty_like(feedback)
        gradient = gradients[0].contiguous()
        threads = torch.get_num_threads()
        _engine.recirculate_backward(ctx.method, delay, feedback, line, gradient, *slopes, threads)
        to_audio, to_delay, to_feedback = slopes
        return to_audio, to_delay, None, to_feedback, None
