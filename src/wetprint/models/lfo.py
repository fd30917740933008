"""The low-frequency oscillators (LFOs) inside a chain: how long their turns last, and another pace.

Every block that moves has a ``period_samples`` in its config and stands at the beginning of its
turn at absolute time zero. To let a chain begin elsewhere in the turn is to start it at another
time.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from wetprint.models.chain import Chain
from wetprint.models.registry import chain_from_list, chain_to_list

PERIOD = "period_samples"


def lfo_periods(chain: nn.Module) -> list[float]:
    """Return the turns of a chain's LFOs in samples, longest first, each once; none if it is still.

    >>> from wetprint.blocks.amplitude_modulation import (
    ...     AmplitudeModulation, AmplitudeModulationConfig)
    >>> lfo_periods(Chain([AmplitudeModulation(AmplitudeModulationConfig(9600.0, 8))]))
    [9600.0]
    """
    configs = [getattr(each, "config", None) for each in chain.modules()]
    return sorted(
        {getattr(each, PERIOD) for each in configs if hasattr(each, PERIOD)}, reverse=True
    )


def start_of_turn(chain: Chain, phase_turns: float) -> int:
    """Return the absolute time, in samples, at which a chain's slowest LFO stands at a phase.

    Args:
        chain: that moves.
        phase_turns: where in its turn; only the fraction counts.

    Raises:
        ValueError: nothing moves in the chain.
    """
    periods = lfo_periods(chain)
    if not periods:
        raise ValueError("expected a chain that an LFO moves, but nothing moves in this one")
    return round(phase_turns % 1.0 * periods[0])


def with_lfo_speed(chain: Chain, speed: float) -> Chain:
    """Return a chain of the same weights whose LFOs run so many times as fast."""
    if speed == 1.0:
        return chain
    faster = chain_from_list([_sped_up(each, speed) for each in chain_to_list(chain)])
    faster.load_state_dict(chain.state_dict())
    return faster.requires_grad_(False)


def _sped_up(description: Any, speed: float) -> Any:
    """Shorten every period in the description of a chain, all the way down."""
    if isinstance(description, dict):
        return {
            key: each / speed if key == PERIOD else _sped_up(each, speed)
            for key, each in description.items()
        }
    if isinstance(description, list):
        return [_sped_up(each, speed) for each in description]
    return description
