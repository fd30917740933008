"""What hears and follows the level in a compressor and in an auto-wah alike.

The follower rises and falls at rates of its own, by one pole that branches or by two poles, one
that only falls slowly and one that smooths (Giannoulis, Massberg and Reiss 2012, Digital Dynamic
Range Compressor Design, JAES 60(6), equations 16 and 17).
"""

from __future__ import annotations

import torch
from torch import Tensor

from wetprint.blocks.gain_curve import level_db, power_level_db
from wetprint.engine.envelope import follow_envelope

DETECTIONS = ("peak", "rms")
BALLISTICS = ("branching", "decoupled")
LINKS = ("none", "loudest", "mean")

SHORTEST_LOG, LONGEST_LOG = -7.0, 18.0
"""Logarithms of time constants in samples: from at once to ten minutes."""


def rate_of(time_log: Tensor) -> Tensor:
    """Return the rate of a follower whose time constant is ``exp(time_log)`` samples."""
    return -torch.expm1(-torch.exp(-time_log.clamp(SHORTEST_LOG, LONGEST_LOG)))


def detected(audio: Tensor, detection: str, link: str) -> Tensor:
    """Return the amplitudes or squares that are heard.

    Args:
        audio: ``(batch, channels, time)``.
        detection: of DETECTIONS: "peak" hears amplitudes, "rms" squares.
        link: of LINKS: what one follower for both channels hears of them.

    Returns:
        The same shape; one channel where both are linked.
    """
    heard = audio.abs() if detection == "peak" else audio.square()
    if audio.shape[1] == 1 or link == "none":
        return heard
    return heard.amax(1, True) if link == "loudest" else heard.mean(1, True)


def detected_db(heard: Tensor, detection: str) -> Tensor:
    """Return the level in dBFS of amplitudes or squares, of any shape."""
    return level_db(heard) if detection == "peak" else power_level_db(heard)


def followed(
    heard: Tensor, attack_log: Tensor, release_log: Tensor, ballistics: str, state: list[Tensor]
) -> tuple[Tensor, list[Tensor]]:
    """Follow what is heard.

    Args:
        heard: ``(batch, channels, time)``, in whatever unit is followed.
        attack_log: logarithm of the time constant of the way up, in samples.
        release_log: of the way down.
        ballistics: of BALLISTICS.
        state: what each pole held last, ``(batch, channels)``: of the one that branches, or of
            both that are decoupled.

    Returns:
        What is followed, and what each pole held at every sample, all as ``heard``.
    """
    attack, release = rate_of(attack_log), rate_of(release_log)
    if ballistics == "branching":
        held = follow_envelope(heard, attack, release, state[0])
        return held, [held]
    held = follow_envelope(heard, torch.ones_like(release), release, state[0])
    smooth = follow_envelope(held, attack, attack, state[1])
    return smooth, [held, smooth]
