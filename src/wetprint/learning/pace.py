"""Whether there is time to judge a network at all, measured before training begins."""

from __future__ import annotations

import math
import time

import numpy as np
import torch

from wetprint.blocks.recurrent import Recurrent
from wetprint.errors import LearningError
from wetprint.learning.budget import Budget
from wetprint.learning.material import Material
from wetprint.models.chain import Chain
from wetprint.models.playing import play_chain

SHORT_SAMPLES, LONG_SAMPLES = 256, 768
"""What both take alike, beginning after silence, is left out by playing two lengths."""

MOST_WEIGHTS_PER_SECOND = 2e10
"""What one core of a processor multiplies at best."""


def refuse_what_takes_too_long(
    recipe: str, chain: Chain, material: Material, budget: Budget, device: torch.device
) -> None:
    """Refuse a network that cannot be played once over the validation takes in the time left.

    Raises:
        LearningError: it cannot; counted steps know no clock.
    """
    if budget.steps is not None:
        return
    left = budget.remaining_seconds()
    needed = least_judging_seconds(chain, material, device)
    if needed <= left:
        needed = judging_seconds(chain, material, device)
    if needed > left:
        raise LearningError(
            f"a model '{recipe}' takes {needed / 60.0:.2g} minutes or more on this device to be "
            f"judged once, and {left / 60.0:.1f} minutes are left; give at least "
            f"--minutes {math.ceil(40.0 * needed / 60.0) / 10.0:g}, or use a smaller model"
        )


def least_judging_seconds(chain: Chain, material: Material, device: torch.device) -> float:
    """Return what recurrent layers take in any case, since each sample needs all their weights.

    Even to measure a network of millions of them would take minutes.
    """
    if device.type != "cpu":
        return 0.0
    recurrent = [block for block in chain if isinstance(block, Recurrent)]
    weights = sum(each.numel() for block in recurrent for each in block.parameters())
    return weights * _samples(material) / MOST_WEIGHTS_PER_SECOND


def judging_seconds(chain: Chain, material: Material, device: torch.device) -> float:
    """Return about how long a chain takes to play all validation takes."""
    both = [_seconds(chain, each, device) for each in (SHORT_SAMPLES, LONG_SAMPLES)]
    return max(0.0, both[1] - both[0]) / (LONG_SAMPLES - SHORT_SAMPLES) * _samples(material)


def _samples(material: Material) -> int:
    return sum(take.dry.shape[-1] for take in material.validation)


def _seconds(chain: Chain, samples: int, device: torch.device) -> float:
    begun = time.monotonic()
    play_chain(chain, np.zeros((chain.channels_in, samples), np.float32), device=device)
    return time.monotonic() - begun
