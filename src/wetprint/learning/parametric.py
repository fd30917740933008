"""The solved half of learning where a filter is of low order: equalisers, tone knobs, resonances.

Five numbers for each second-order section say all that thousands of taps say, at any length, and
play for less. They are read off the solved impulse response (``identify/sections.py``).
"""

from __future__ import annotations

import numpy as np

from wetprint.blocks.biquads import biquads_of
from wetprint.blocks.block import Block
from wetprint.blocks.delay import Delay, DelayConfig
from wetprint.identify.sections import find_sections
from wetprint.models.chain import Chain

ROUNDING = (1e-12, 1e-11, 1e-10)
"""Shares of an impulse response that may be none of the filter: where little is heard of it, as far
above a low-pass, little is known of it either."""

BEGUN = 1e-6
"""Of its loudest tap: what is softer and comes before all others is a delay."""


def solve_parametric(response: np.ndarray, linear_error: float) -> Chain | None:
    """Return second-order sections, behind a delay where there is one, that play a response.

    Args:
        response: ``(channels_out, channels_in, taps)``, the best fixed filter's.
        linear_error: what that leaves, as ESR.

    Returns:
        None where there are several channels, or too many sections would be needed.
    """
    if response.shape[:2] != (1, 1):
        return None
    heard = response[0, 0]
    delay = int(np.argmax(np.abs(heard) > BEGUN * np.abs(heard).max()))
    sections = find_sections(heard[delay:], [max(each, linear_error) for each in ROUNDING])
    if sections is None:
        return None
    before: list[Block] = [Delay(DelayConfig(delay))] if delay else []
    return Chain([*before, biquads_of(sections)])
