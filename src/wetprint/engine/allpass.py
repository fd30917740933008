"""A cascade of first-order allpass stages whose break frequency moves, in a loop: a phaser.

Every stage is ``y[t] = a (x[t] - y[t - 1]) + x[t - 1]`` with ``a = tanh(u / 2)``, where u is the
logarithm of the pre-warped break frequency, ``log tan(pi f / sample_rate)``: whatever u becomes,
the stage is stable (Zoelzer 2011, DAFX, section 2.2.3; Kiiski, Esqueda and Valimaki 2016,
Time-Variant Gray-Box Modeling of a Phaser Pedal). What the last stage returned one sample ago is
added to the input of the first.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from wetprint.engine.presence import runs
from wetprint.engine.scan import SCAN_SAMPLES, scanned

MOST_STAGES = 24

LOUDEST_RETURN = 1e4
"""The loop returns no more than this (+80 dB), since a fast LFO can pump energy into it. The twin
looks only once in SCAN_SAMPLES."""


def allpass_cascade(
    audio: Tensor, log_break: Tensor, spread: Tensor, feedback: Tensor, memory: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Send audio through the loop.

    By the engine for float32 on the CPU; its gradients cannot be differentiated again, and reach
    everything but the memory.

    Args:
        audio: ``(batch, channels, time)``.
        log_break: u of all stages, broadcasting to ``(batch, channels, time)``.
        spread: what each stage adds to u, ``(channels, stages)``.
        feedback: ``(channels,)``, below 1 in size.
        memory: ``(batch, channels, stages + 1)``, what an earlier call left; silence if None.

    Returns:
        ``(batch, channels, time)``, and the memory.
    """
    stages = spread.shape[-1]
    if memory is None:
        memory = audio.new_zeros((*audio.shape[:2], stages + 1))
    turn = (log_break / 2).tanh().expand(audio.shape)
    spread = (spread / 2).tanh().expand(*audio.shape[:2], stages)
    feedback = feedback.expand(audio.shape[:2])
    if not runs(audio, turn, spread, feedback, memory):
        return allpass_cascade_twin(audio, turn, spread, feedback, memory)
    rows = [each.flatten(0, 1) for each in (audio, turn, spread, memory)]
    played, left = _Cascade.apply(*rows, feedback.flatten())
    return played.view(audio.shape), left.view(memory.shape)


def allpass_cascade_twin(
    audio: Tensor, turn: Tensor, spread: Tensor, feedback: Tensor, memory: Tensor
) -> tuple[Tensor, Tensor]:
    """Do what allpass_cascade does, with ``tanh(u / 2)`` and ``tanh(spread / 2)`` given.

    A sample maps the memory linearly to the next one.
    """
    played = [audio[..., :0]]
    for first in range(0, audio.shape[-1], SCAN_SAMPLES):
        now = slice(first, first + SCAN_SAMPLES)
        states = scanned(*_transitions(audio[..., now], turn[..., now], spread, feedback), memory)
        played.append(states[..., -1])
        memory = states[..., -1, :].clamp(-LOUDEST_RETURN, LOUDEST_RETURN)
    return torch.cat(played, dim=-1), memory


def _transitions(
    audio: Tensor, turn: Tensor, spread: Tensor, feedback: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the maps, ``(..., time, stages + 1, stages + 1)``, and what the input adds."""
    stages = spread.shape[-1]
    unit = torch.eye(stages + 1, dtype=audio.dtype, device=audio.device)
    row = (feedback[..., None, None] * unit[stages]).expand(*audio.shape, stages + 1)
    added = audio
    rows, inputs = [row], [added]
    for stage in range(stages):
        shift = spread[..., stage, None]
        coefficient = (turn + shift) / (1 + turn * shift)
        row = coefficient[..., None] * (row - unit[stage + 1]) + unit[stage]
        added = coefficient * added
        rows.append(row)
        inputs.append(added)
    return torch.stack(rows, -2), torch.stack(inputs, -1)


def allpass_tangents(
    audio: Tensor, log_break: Tensor, spread: Tensor, feedback: Tensor, directions: Tensor
) -> Tensor:
    """Return how the loop's output after silence changes with what it is set to, to first order.

    Args:
        audio: ``(time,)``.
        log_break: ``(time,)``.
        spread: ``(stages,)``.
        feedback: a number.
        directions: in which u may change, ``(time, count)``.

    Returns:
        ``(time, count + 1 + stages)``: along each direction, with the feedback, with each stage's
        spread.
    """
    turn, stage_turn = (log_break / 2).tanh(), (spread / 2).tanh()
    if not runs(audio, log_break, spread, feedback, directions):
        return _tangents_twin(audio, log_break, spread, feedback, directions)
    from wetprint import _engine

    stages = len(spread)
    rows = [each[None].contiguous() for each in (audio, turn, stage_turn)]
    tangents = audio.new_empty((len(audio), directions.shape[1] + 1 + stages))
    memory = audio.new_zeros((1, stages + 1))
    _engine.allpass_tangents(*rows, feedback.reshape(1), memory, directions.contiguous(), tangents)
    return tangents


def _tangents_twin(
    audio: Tensor, log_break: Tensor, spread: Tensor, feedback: Tensor, directions: Tensor
) -> Tensor:
    """Do what allpass_tangents does, by differentiating the twin along every change."""
    count = directions.shape[1]

    def played(change: Tensor) -> Tensor:
        moved = log_break + directions @ change[:count]
        stages = spread + change[count + 1 :]
        turns = (moved / 2).tanh()[None, None], (stages / 2).tanh()[None, None]
        loop = (feedback + change[count]).reshape(1, 1)
        memory = audio.new_zeros((1, 1, len(spread) + 1))
        return allpass_cascade_twin(audio[None, None], *turns, loop, memory)[0][0, 0]

    rest = audio.new_zeros(count + 1 + len(spread))
    changes = torch.eye(len(rest), dtype=audio.dtype, device=audio.device)
    along = [torch.autograd.functional.jvp(played, rest, each)[1] for each in changes]
    return torch.stack([torch.as_tensor(each) for each in along], dim=-1)


class _Cascade(torch.autograd.Function):
    """The loop over rows: audio and turn ``(rows, time)``, spread and memory ``(rows, ...)``."""

    @staticmethod
    def forward(
        ctx: Any, audio: Tensor, turn: Tensor, spread: Tensor, memory: Tensor, feedback: Tensor
    ) -> tuple[Tensor, Tensor]:
        from wetprint import _engine

        kept = [each.detach().contiguous() for each in (audio, turn, spread, feedback, memory)]
        left, played = kept[-1].clone(), torch.empty_like(kept[0])
        _engine.play_allpass(*kept[:-1], left, played, torch.get_num_threads())
        ctx.save_for_backward(*kept)
        ctx.mark_non_differentiable(left)
        return played, left

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        kept = [each.detach() for each in ctx.saved_tensors]
        slopes = [torch.empty_like(each) for each in kept[:-1]]
        _engine.play_allpass_backward(
            *kept, gradients[0].contiguous(), *slopes, torch.get_num_threads()
        )
        to_audio, to_turn, to_spread, to_feedback = slopes
        return to_audio, to_turn, to_spread, None, to_feedback
