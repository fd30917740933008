"""Linear recursions whose map moves, without a loop over samples.

The products of all maps up to each sample come from doubling (Hillis and Steele 1986,
doi:10.1145/7902.7903).
"""

from __future__ import annotations

import torch
from torch import Tensor

SCAN_SAMPLES = 256
"""So many samples at once cost least."""


def scanned(maps: Tensor, added: Tensor, memory: Tensor) -> Tensor:
    """Return ``m[t] = maps[t] m[t - 1] + added[t]`` at every sample.

    Args:
        maps: ``(..., time, width, width)``.
        added: ``(..., time, width)``.
        memory: ``m[-1]``, ``(..., width)``.

    Returns:
        ``(..., time, width)``.
    """
    reach = 1
    while reach < maps.shape[-3]:
        late, early = maps[..., reach:, :, :], maps[..., :-reach, :, :]
        carried = (late @ added[..., :-reach, :, None])[..., 0]
        added = torch.cat([added[..., :reach, :], added[..., reach:, :] + carried], -2)
        maps = torch.cat([maps[..., :reach, :, :], late @ early], -3)
        reach *= 2
    return added + (maps @ memory[..., None, :, None])[..., 0]
