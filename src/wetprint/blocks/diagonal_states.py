"""Diagonal linear state spaces, one for each channel: what remembers in a state-space network.

Each channel drives a few damped resonances ("modes") and hears their weighted sum:

    x[k] = pole x[k - 1] + u[k],    y[k] = 2 Re(sum over modes of weight x[k]) + direct u[k]

with ``pole = exp(step A)`` and ``weight = C step (pole - 1) / (step A)``, ``A`` having a negative
real part: the zero-order hold of a continuous system, as S4D has it (Gu et al. 2022,
arXiv:2206.11893, section 3, its "S4D-Lin" start). Every mode dies away, whatever the parameters,
since each is damped by ``SLOWEST`` at least (the exponential form of the pole is also that of the
LRU, Orvieto et al. 2023, arXiv:2303.06349). Training convolves with the response, whose powers are
taken in two steps, so that few exponentials are needed; playing runs the recursion. Powers are
exact: they are taken in double precision, where the device has it.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

SPAN = 128
"""Powers are a product of those within a span and those from span to span."""

SLOWEST, FASTEST = 1e-7, 50.0
"""Damping of a mode in nepers per sample: a minute at 192 kHz, and at once."""

LOG_STEP_LIMITS = (-16.0, 4.0)
LOG_DECAY_LIMITS = (-9.0, 9.0)

SHORTEST_STEP, LONGEST_STEP = 0.001, 0.1
"""Steps are drawn between these, evenly on a logarithmic scale."""


class DiagonalStates(nn.Module):
    """A state space for each of ``width`` channels, of ``states`` pairs of conjugate modes each.

    Attributes:
        log_step: ``(width,)``, the logarithm of the step.
        log_decay: ``(width, states)``, the logarithm of minus the real part of ``A``.
        frequency: ``(width, states)``, the imaginary part of ``A``.
        mix: ``(width, states, 2)``, real and imaginary part of ``C``.
        direct: ``(width,)``, what is heard of the input itself.
    """

    def __init__(self, width: int, states: int):
        super().__init__()
        shortest, longest = math.log(SHORTEST_STEP), math.log(LONGEST_STEP)
        self.log_step = nn.Parameter(shortest + (longest - shortest) * torch.rand(width))
        self.log_decay = nn.Parameter(torch.full((width, states), math.log(0.5)))
        self.frequency = nn.Parameter((math.pi * torch.arange(states)).repeat(width, 1))
        self.mix = nn.Parameter(torch.randn(width, states, 2) * math.sqrt(0.5))
        self.direct = nn.Parameter(torch.randn(width))

    def modes(self) -> tuple[Tensor, Tensor]:
        """Return the poles' logarithms and the weights, complex, ``(width, states)`` each."""
        precise = torch.float32 if self.log_step.device.type == "mps" else torch.float64
        step = self.log_step.to(precise).clamp(*LOG_STEP_LIMITS).exp()[:, None]
        damping = step * self.log_decay.to(precise).clamp(*LOG_DECAY_LIMITS).exp()
        logs = torch.complex(
            -damping.clamp(SLOWEST, FASTEST), step * self.frequency.to(precise)
        )  # (width, states)
        mix = torch.view_as_complex(self.mix.to(precise).contiguous())
        return logs, mix * step * (logs.exp() - 1.0) / logs

    def constant_gain(self) -> Tensor:
        """Return what a constant is multiplied by: ``(width,)``."""
        logs, weights = self.modes()
        resonant = 2.0 * (weights / (1.0 - logs.exp())).real.sum(-1)
        return resonant.to(self.direct.dtype) + self.direct

    def response(self, length: int) -> Tensor:
        """Return the first ``length`` samples of the impulse response, ``(width, length)``."""
        logs, weights = self.modes()
        heard = sum_of_powers(weights, logs, length)
        heard = heard.to(self.direct.dtype)
        return torch.cat([heard[:, :1] + self.direct[:, None], heard[:, 1:]], -1)

    def convolve(self, audio: Tensor) -> Tensor:
        """Return what follows silence, ``(batch, width, time)``, for audio of that shape."""
        convolved = _Convolution.apply(audio, self.response(audio.shape[-1]))
        return torch.as_tensor(convolved)

    def rest(self, batch: int) -> Tensor:
        """Return the state that silence leaves: ``(batch, width, states)``, complex."""
        logs, _ = self.modes()
        return torch.zeros((batch, *logs.shape), dtype=logs.dtype, device=logs.device)

    def advance(self, audio: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Play the next samples from a state, and return them with the state they leave.

        Args:
            audio: ``(batch, width, time)``.
            state: ``x`` before the first sample, ``(batch, width, states)``, complex.
        """
        logs, weights = self.modes()
        time = audio.shape[-1]
        ringing = sum_of_powers(weights * logs.exp() * state, logs, time).to(audio.dtype)
        return self.convolve(audio) + ringing, logs.mul(time).exp() * state + gathered(audio, logs)


class _Convolution(torch.autograd.Function):
    """Audio ``(batch, width, time)`` with responses ``(width, time)``, as long as the audio.

    The gradient is two correlations by the same transforms: half the work of what PyTorch would do,
    which transforms complex numbers on the way back. It cannot be differentiated again.
    """

    @staticmethod
    def forward(ctx: Any, audio: Tensor, response: Tensor) -> Tensor:
        time = audio.shape[-1]
        size = next_fast_len(2 * time - 1, real=True)
        bins, filter_bins = torch.fft.rfft(audio, size), torch.fft.rfft(response, size)
        ctx.save_for_backward(bins, filter_bins)
        ctx.time, ctx.size = time, size
        return torch.fft.irfft(bins * filter_bins, size)[..., :time]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor):  # pyright: ignore[reportIncompatibleMethodOverride]
        bins, filter_bins = ctx.saved_tensors
        slopes = torch.fft.rfft(gradients[0], ctx.size)
        to_audio = torch.fft.irfft(slopes * filter_bins.conj(), ctx.size)
        to_response = torch.fft.irfft((slopes * bins.conj()).sum(0), ctx.size)
        return to_audio[..., : ctx.time], to_response[..., : ctx.time]


def sum_of_powers(weights: Tensor, logs: Tensor, length: int) -> Tensor:
    """Return ``2 Re(sum over modes of weights exp(logs k))`` for every k below ``length``.

    Args:
        weights: ``(..., width, modes)``, complex.
        logs: ``(width, modes)``, complex.
        length: how many samples.

    Returns:
        ``(..., width, length)``.
    """
    within, spans = _powers(logs, length)
    far = weights[..., None] * spans  # (..., width, modes, spans)
    rows = torch.cat([far.real, far.imag], -2).transpose(-1, -2)
    columns = torch.cat([within.real, -within.imag], -2)
    return 2.0 * (rows @ columns).flatten(-2)[..., :length]


def gathered(audio: Tensor, logs: Tensor) -> Tensor:
    """Return the state that audio leaves when it began from rest.

    Args:
        audio: ``(batch, width, time)``.
        logs: ``(width, modes)``, complex.

    Returns:
        ``(batch, width, modes)``: the sum of ``exp(logs (time - 1 - k)) audio[k]``.
    """
    time = audio.shape[-1]
    within, spans = _powers(logs, time)
    padding = within.shape[-1] * spans.shape[-1] - time
    latest_first = nn.functional.pad(audio.flip(-1), (0, padding)).to(logs.real.dtype)
    rows = latest_first.unflatten(-1, (spans.shape[-1], within.shape[-1])).to(logs.dtype)
    return ((rows @ within.transpose(-1, -2)) * spans.transpose(-1, -2)).sum(-2)


def _powers(logs: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Return ``exp(logs k)`` within a span, and at the beginning of every span."""
    span = min(SPAN, length)
    within = torch.arange(span, device=logs.device)
    spans = span * torch.arange(-(-length // span), device=logs.device)
    return (logs[..., None] * within).exp(), (logs[..., None] * spans).exp()
