"""The dry signal beside what a network makes of it."""

from __future__ import annotations

from torch import Tensor


def latest(audio: Tensor, count: int) -> Tensor:
    """Return the last ``count`` samples of ``(batch, channels, time)``."""
    return audio[..., audio.shape[-1] - count :]


def with_dry(wet: Tensor, dry: Tensor, gain: Tensor | None) -> Tensor:
    """Add the dry signal to what a network plays.

    Mono goes to both sides; of stereo, a single channel out hears the mean.

    Args:
        wet: ``(batch, channels_out, time)``.
        dry: ``(batch, channels_in, >= time)``, ending with ``wet``.
        gain: of the dry signal; None leaves it out.
    """
    if gain is None:
        return wet
    dry = latest(dry, wet.shape[-1])
    if dry.shape[1] != wet.shape[1]:
        dry = dry.mean(1, keepdim=True).expand(-1, wet.shape[1], -1)
    return wet + gain * dry
