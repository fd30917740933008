"""A whole power of the signal, the first half of a branch of a Hammerstein model.

``y = r (x / r)^p`` for ``|x| <= r``; louder sounds go on along the tangent, so that what was never
heard while it was solved grows no faster than the sound (generalised Hammerstein models: Farina
2000, AES 108, paper 5093; Novak et al. 2010, doi:10.1109/TIM.2009.2031836).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wetprint.blocks.block import Block
from wetprint.blocks.checks import number, whole_number

HIGHEST_ORDER = 16


@dataclass(frozen=True)
class PowerConfig:
    """Which power.

    Attributes:
        order: 1 to 16; of 1 the sound stays as it is.
        reach: where the tangent begins, and what is raised to itself.
        channels: 1 or 2.
    """

    order: int = 1
    reach: float = 1.0
    channels: int = 1

    def __post_init__(self) -> None:
        whole_number("order", self.order, 1, HIGHEST_ORDER)
        number("reach", self.reach, 1e-6, 1e6)
        whole_number("channels", self.channels, 1, 2)


class Power(Block):
    """Raise every sample to a power."""

    def __init__(self, config: PowerConfig):
        super().__init__()
        self.config = config
        self.channels_in = self.channels_out = config.channels

    def valid(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        order, reach = self.config.order, self.config.reach
        share = audio / reach
        inside = share.clamp(-1.0, 1.0)
        slope = order * inside ** (order - 1)
        return reach * (inside**order + slope * (share - inside))


def powers(audio: np.ndarray, reach: float, highest: int) -> np.ndarray:
    """Return all powers of ``(1, time)``, ``(highest, time)``, as the block plays them."""
    with torch.no_grad():
        heard = torch.from_numpy(audio)[None]
        played = [Power(PowerConfig(order, reach))(heard)[0] for order in range(1, highest + 1)]
        return torch.cat(played).numpy()
