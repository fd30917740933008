"""Whether there is time to judge a network at all, measured before training begins."""

from __future__ import annotations

import time

import numpy as np
import torch

from wetprint.errors import LearningError
from wetprint.learning.budget import Budget
from wetprint.learning.material import Material
from wetprint.models.chain import Chain
from wetprint.models.playing import play_chain

SHORT_SAMPLES, LONG_SAMPLES = 256, 768
"""What both take alike, beginning after silence, is left out by playing two lengths."""


def refuse_what_takes_too_long(
    recipe: str, chain: Chain, material: Material, budget: Budget, device: torch.device
) -> None:
    """Refuse a network that cannot be played once over the validation takes in the time left.

    Raises:
        LearningError: it cannot; counted steps know no clock.
    """
    if budget.steps is not None:
        return
    needed = judging_seconds(chain, material, device)
    left = budget.remaining_seconds()
    if needed > left:
        raise LearningError(
            f"a model '{recipe}' takes about {needed / 60.0:.0f} minutes on this device to be "
            f"judged once, and {left / 60.0:.1f} minutes are left; give at least "
            f"--minutes {4.0 * needed / 60.0:.0f}, or use a smaller model"
        )


def judging_seconds(chain: Chain, material: Material, device: torch.device) -> float:
    """Return about how long a chain takes to play all validation takes."""
    samples = sum(take.dry.shape[-1] for take in material.validation)
    both = [_seconds(chain, each, device) for each in (SHORT_SAMPLES, LONG_SAMPLES)]
    return max(0.0, both[1] - both[0]) / (LONG_SAMPLES - SHORT_SAMPLES) * samples


def _seconds(chain: Chain, samples: int, device: torch.device) -> float:
    begun = time.monotonic()
    play_chain(chain, np.zeros((chain.channels_in, samples), np.float32), device=device)
    return time.monotonic() - begun
