"""A chain as a signal flow: what is drawn of it, branches within branches."""

from __future__ import annotations

from dataclasses import dataclass

from wetprint.models.chain import Chain
from wetprint.models.echo import Echo
from wetprint.models.parallel import Parallel
from wetprint.models.registry import describe_block


@dataclass(frozen=True)
class FlowStep:
    """One block.

    Attributes:
        name: as model files call it.
        summary: what it is and how it is set.
        branches: what it is made of: what a branch is called, and its steps.
    """

    name: str
    summary: str
    branches: tuple[tuple[str, tuple[FlowStep, ...]], ...] = ()


def signal_flow(chain: Chain) -> tuple[FlowStep, ...]:
    """Return a chain's steps from input to output."""
    return tuple(map(_step, chain))


def _step(block) -> FlowStep:
    name, summary = describe_block(block)
    if isinstance(block, Parallel):
        branches = tuple(("", signal_flow(each)) for each in block)
        return FlowStep(name, "side by side, added up", branches)
    if isinstance(block, Echo):
        delay = f"a delay line of {block.config.delay_samples} samples"
        heard = ("heard through", signal_flow(block.playback))
        return FlowStep(name, delay, (heard, ("fed back through", signal_flow(block.feedback))))
    return FlowStep(name, summary)
