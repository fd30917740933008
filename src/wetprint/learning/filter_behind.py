"""Solving the filter behind a chain that is known, over everything that was heard."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from wetprint.learning.linear import shortest_good_model, solve_linear_models
from wetprint.learning.material import Material, Take, predict
from wetprint.models.chain import Chain
from wetprint.models.playing import CPU
from wetprint.models.recipes import filter_block


def with_filter_behind(chain: Chain, material: Material, stop: Callable[[], bool]) -> Chain:
    """Return a chain with the filter behind it that leaves least.

    Args:
        chain: of one channel.
        material: what was heard, with one dry channel.
        stop: says that the filter then being solved is the last one.
    """
    known = chain.requires_grad_(False)

    def played(take: Take) -> Take:
        whole = dataclasses.replace(take, heard_from=0)
        return dataclasses.replace(take, dry=predict(known, whole, CPU))

    behind = shortest_good_model(solve_linear_models(material.changed(played), stop=stop))
    return Chain([*known, filter_block(behind.response)])
