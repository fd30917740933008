"""FIR filters and long convolution: cabinets, equalisers, echoes and rooms as they are.

A short filter runs as a direct convolution, a long one by overlap-save in blocks of the FFT
(Oppenheim and Schafer, Discrete-Time Signal Processing, section 8.7.3). Both are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.fft import next_fast_len
from torch import Tensor, nn
from torch.nn import functional

from wetprint.blocks.block import Block
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, whole_number

DIRECT_TAPS = 48
"""Up to here a direct convolution is faster than the FFT."""

BLOCK_SAMPLES = 1 << 17
"""New samples for which one FFT serves; it bounds the memory of a long file."""


@dataclass(frozen=True)
class FirConfig:
    """The filter's length in samples, and the channels in and out; every pair has a response."""

    taps: int
    channels_in: int = 1
    channels_out: int = 1

    def __post_init__(self) -> None:
        whole_number("taps", self.taps, 1, LONGEST_MEMORY_SAMPLES)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)


class Fir(Block):
    """Convolve with an impulse response from each channel in to each channel out.

    Its taps are trained slowly: they are many, and a step that moves all of them alike moves the
    sound by their sum.
    """

    learning_rate_factor = 0.1

    def __init__(self, config: FirConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = config.taps - 1
        response = torch.zeros(config.channels_out, config.channels_in, config.taps)
        response[:, :, 0] = 1.0 / config.channels_in  # passes audio through until it is learned
        self.response = nn.Parameter(response)

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return convolve_valid(audio, self.response)


def convolve_valid(audio: Tensor, response: Tensor) -> Tensor:
    """Convolve, keeping only what the whole response has seen.

    Args:
        audio: ``(batch, channels_in, time)`` with time >= taps.
        response: ``(channels_out, channels_in, taps)``, the first tap acting at once.

    Returns:
        ``(batch, channels_out, time - taps + 1)``.
    """
    taps = response.shape[-1]
    if taps <= DIRECT_TAPS:
        return functional.conv1d(audio, response.flip(-1))
    wanted = audio.shape[-1] - taps + 1
    fresh = min(wanted, max(BLOCK_SAMPLES, taps))
    fft_samples = next_fast_len(fresh + taps - 1, real=True)
    fresh = fft_samples - taps + 1
    spectrum = torch.fft.rfft(response, fft_samples)  # (out, in, bins)
    pieces = []
    for start in range(0, wanted, fresh):
        heard = audio[..., start : start + fft_samples]  # (batch, in, <= fft_samples)
        bins = torch.fft.rfft(heard, fft_samples)  # (batch, in, bins)
        wet = torch.fft.irfft((spectrum * bins[:, None]).sum(2), fft_samples)  # (batch, out, time)
        pieces.append(wet[..., taps - 1 : heard.shape[-1]])
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces, dim=-1)
