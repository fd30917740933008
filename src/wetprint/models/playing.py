"""Playing a chain: by the engine, several times faster than PyTorch does, or by PyTorch."""

from __future__ import annotations

import numpy as np
import torch

from wetprint.engine.player import Player, playable_blocks
from wetprint.models.chain import Chain
from wetprint.models.model import Model
from wetprint.models.model_file import model_to_bytes
from wetprint.models.registry import block_name

ANY_RATE_HZ = 48_000
"""A chain knows samples, not seconds; a file must name some rate."""


BLOCK_SAMPLES = 1 << 16

CPU = torch.device("cpu")


def play_chain(
    chain: Chain,
    dry: np.ndarray,
    start_sample: int = 0,
    device: torch.device = CPU,
    block_samples: int = BLOCK_SAMPLES,
) -> np.ndarray:
    """Play a sound that fits into memory, from silence.

    What the chain looks ahead is taken out again, as whoever plays a whole file does.

    Args:
        chain: what to play.
        dry: ``(channels_in, time)`` float32.
        start_sample: absolute time of the first sample.
        device: where the chain is.
        block_samples: what PyTorch plays at a time; the result does not depend on it.

    Returns:
        ``(channels_out, time)`` float32.
    """
    late = chain.lookahead_samples
    dry = np.pad(dry, ((0, 0), (0, late)))
    if players := engine_players(chain, start_sample=start_sample):
        return players[0].process(dry)[:, late:]
    stream = chain.stream(start_sample=start_sample)
    played = []
    with torch.inference_mode():
        for start in range(0, dry.shape[-1], block_samples):
            block = torch.from_numpy(dry[None, :, start : start + block_samples]).to(device)
            played.append(stream.process(block)[0].cpu().numpy())
    return np.concatenate(played, -1)[:, late:]


def engine_players(chain: Chain, count: int = 1, start_sample: int = 0) -> list[Player]:
    """Return players of a chain's present weights, or none where the engine cannot play it.

    It cannot where it is absent or switched off, where it does not know a block, where weights are
    not float32 on the CPU or not finite, and where the chain would take too much memory.

    Args:
        chain: what to play; later changes to it are not heard.
        count: how many players, each with a state of its own.
        start_sample: absolute time of the first sample.
    """
    known = playable_blocks()
    if not all(block_name(block) in known for block in chain):
        return []
    if any(each.dtype != torch.float32 or each.device.type != "cpu" for each in _weights(chain)):
        return []
    model = model_to_bytes(Model(chain, ANY_RATE_HZ))
    try:
        return [Player(model, start_sample) for _ in range(count)]
    except ValueError:
        return []


def _weights(chain: Chain) -> list[torch.Tensor]:
    return list(chain.state_dict().values())
