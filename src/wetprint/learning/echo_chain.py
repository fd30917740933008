"""A chain that plays a solved echo: what is heard at once, and a line on which it all is recorded.

Two channels run on the line, what is played and what is heard of it, so that the heads' filters and
curves are those that were solved from both (``learning/echoed.py``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wetprint.blocks.block import Block
from wetprint.blocks.delay import Delay, DelayConfig
from wetprint.blocks.gain import Gain, GainConfig
from wetprint.blocks.waveshaper import Waveshaper
from wetprint.identify.branches import Branch
from wetprint.learning.echo_inputs import Head
from wetprint.models.chain import Chain
from wetprint.models.echo import Echo, EchoConfig
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block

TO_FIRST, TO_SECOND = np.array([[[1.0]], [[0.0]]]), np.array([[[0.0]], [[1.0]]])
"""Filters of one tap that lead to one channel of two."""


def echo_chain(at_once: Sequence[Branch], later: Sequence[Branch], heads: Sequence[Head]) -> Chain:
    """Return a chain of what is heard at once and of what the heads play.

    Args:
        at_once: branches of the dry signal.
        later: branches of two inputs, what was played and what was heard at the heads.
        heads: where on the line they are, the earliest first.
    """
    first = heads[0].delay_samples
    dry = branches_chain(at_once)
    recorded = Parallel(
        [
            Chain([filter_block(TO_FIRST)]),
            Chain([*branches_chain(at_once), filter_block(TO_SECOND)]),
        ]
    )
    playback = [*_heads(heads), *branches_chain(later)]
    echo = Echo(EchoConfig(first), Chain(playback), Chain([filter_block(TO_SECOND)]))
    return Chain([Parallel([dry, Chain([recorded, echo])])])


def branches_chain(branches: Sequence[Branch]) -> Chain:
    """Return branches side by side, each hearing all of its inputs."""
    chains = [Chain(_branch(each)) for each in branches]
    return chains[0] if len(chains) == 1 else Chain([Parallel(chains)])


def _branch(branch: Branch) -> list[Block]:
    blocks: list[Block] = [filter_block(branch.before[None])]
    if branch.curve is not None and branch.after is not None:
        curve = branch.curve
        shaper = Waveshaper.of_curve(curve.reach, curve.coefficients, curve.even_below)
        blocks += [shaper, filter_block(branch.after[None, None])]
    return blocks


def _heads(heads: Sequence[Head]) -> list[Block]:
    """Return what adds up the heads behind the first one; a lone head needs nothing."""
    if len(heads) == 1:
        return []
    chains = []
    for head in heads:
        gain = Gain(GainConfig(2))
        gain.gain.data.fill_(head.gain)
        wait = head.delay_samples - heads[0].delay_samples
        chains.append(Chain([Delay(DelayConfig(wait, 2)), gain] if wait else [gain]))
    return [Parallel(chains)]
