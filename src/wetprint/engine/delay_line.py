"""Reading a delay line between its samples, at a delay that changes with every sample.

Chorus, flanger, vibrato, tape and echo are this, and which interpolation they use can be heard:
straight lines, Lagrange's polynomials of third order, or a windowed sinc (Laakso, Valimaki,
Karjalainen and Laine 1996, Splitting the Unit Delay, doi:10.1109/79.482137). The gradient to the
delay is the slope of the interpolated signal.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from wetprint.engine.presence import runs

INTERPOLATIONS = ("linear", "lagrange", "sinc")
"""In the order of the engine's enumeration."""

NEWER_SAMPLES = {"linear": 0, "lagrange": 1, "sinc": 7}
"""How many samples newer than the delay an interpolation reads; a causal delay is no shorter."""

TAPS = {"linear": 2, "lagrange": 4, "sinc": 16}

SINC_HALF = 8
"""The sinc's Hann window reaches so many samples to either side."""


def read_delay_line(
    audio: Tensor, delay: Tensor, interpolation: str = "linear", context_samples: int = 0
) -> Tensor:
    """Return audio as it was ``delay`` samples ago.

    Outside of ``audio`` is silence. By the engine for float32 on the CPU; its gradients cannot be
    differentiated again.

    Args:
        audio: ``(batch, channels, context_samples + time)``.
        delay: in samples, broadcasting to ``(batch, channels, time)``.
        interpolation: one of INTERPOLATIONS.
        context_samples: how much of the past ``audio`` begins with.

    Returns:
        ``(batch, channels, time)``.

    Raises:
        ValueError: an unknown interpolation.
    """
    check_interpolation(interpolation)
    delay = delay.expand(*audio.shape[:2], delay.shape[-1])
    if not runs(audio, delay):
        return read_delay_line_twin(audio, delay, interpolation, context_samples)
    flat = [each.reshape(-1, each.shape[-1]) for each in (audio, delay)]
    method = INTERPOLATIONS.index(interpolation)
    return _Read.apply(*flat, method, context_samples).view(delay.shape)


def check_interpolation(interpolation: str) -> None:
    """Refuse any word but those of INTERPOLATIONS.

    Raises:
        ValueError: naming them, and what came.
    """
    if interpolation not in INTERPOLATIONS:
        allowed = ", ".join(INTERPOLATIONS)
        raise ValueError(f"interpolation must be one of {allowed}; got {interpolation!r}")


def read_delay_line_twin(
    audio: Tensor, delay: Tensor, interpolation: str, context_samples: int
) -> Tensor:
    """Do what read_delay_line does, by gathering every tap."""
    taps, newer = TAPS[interpolation], NEWER_SAMPLES[interpolation]
    whole = delay.detach().floor()
    weights = _weights(delay - whole, interpolation)  # (batch, channels, time, taps)
    now = torch.arange(delay.shape[-1], device=delay.device) + context_samples
    newest = now - whole.long() + newer
    places = newest[..., None] - torch.arange(taps, device=delay.device)
    within = (places >= 0) & (places < audio.shape[-1])
    silent_end = functional.pad(audio, (0, 1))
    places = torch.where(within, places, audio.shape[-1])
    heard = silent_end.gather(-1, places.flatten(2)).view(places.shape)
    return (weights * heard).sum(-1)


def _weights(fraction: Tensor, interpolation: str) -> Tensor:
    """Return a weight for each tap, the newest first; a fraction of 1 is a sample further back."""
    f = fraction[..., None]
    if interpolation == "linear":
        return torch.cat([1 - f, f], dim=-1)
    if interpolation == "lagrange":
        a, b, c, d = f + 1, f, f - 1, f - 2
        return torch.cat([-b * c * d / 6, a * c * d / 2, -a * b * d / 2, a * b * c / 6], dim=-1)
    offsets = torch.arange(TAPS["sinc"], device=f.device, dtype=f.dtype) - NEWER_SAMPLES["sinc"]
    window = 0.5 + 0.5 * torch.cos(math.pi * (f - offsets) / SINC_HALF)
    return torch.sinc(f - offsets) * window


class _Read(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, audio: Tensor, delay: Tensor, method: int, context: int) -> Tensor:
        from wetprint import _engine

        audio, delay = audio.detach().contiguous(), delay.detach().contiguous()
        heard = torch.empty_like(delay)
        _engine.read_delay_line(method, audio, delay, context, heard, torch.get_num_threads())
        ctx.save_for_backward(audio, delay)
        ctx.method, ctx.context = method, context
        return heard

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        from wetprint import _engine

        audio, delay = (each.detach() for each in ctx.saved_tensors)
        to_audio = torch.zeros_like(audio) if ctx.needs_input_grad[0] else None
        to_delay = torch.empty_like(delay) if ctx.needs_input_grad[1] else None
        _engine.read_delay_line_backward(
            ctx.method,
            audio,
            delay,
            ctx.context,
            gradients[0].contiguous(),
            to_audio,
            to_delay,
            torch.get_num_threads(),
        )
        return to_audio, to_delay, None, None
