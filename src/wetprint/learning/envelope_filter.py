"""The solved half of learning where a filter's cutoff follows the level: auto-wahs.

The filter, its follower and its curve are found on some stretches of what was heard
(``identify/envelope_filter_search.py``); whatever fixed filter stands behind is solved last, over
everything.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from wetprint.identify.envelope_filter_search import FilterSearch
from wetprint.learning.filter_behind import with_filter_behind
from wetprint.learning.material import Material, validation_esr
from wetprint.learning.moving import recordings_of
from wetprint.models.chain import Chain
from wetprint.models.playing import CPU
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

NAME = "solving a filter that follows the level"

LONGER_CHAIN = 0.9
"""A filter behind must bring the error below this share."""


def solve_envelope_filter(
    material: Material,
    linear_error: float,
    stop: Callable[[], bool],
    over: Callable[[], bool],
    progress: Progress = silent,
) -> Chain | None:
    """Solve a filter whose cutoff follows the level, with a fixed one behind where there is one.

    Args:
        material: what was heard.
        linear_error: what the best fixed filter leaves of the validation takes.
        stop: says that the search has lasted long enough.
        over: says that even finishing must come to an end.
        progress: told how far it is.

    Returns:
        The chain, or None where such a filter explains too little.
    """
    if material.channels_in > 1:
        return None
    progress(NAME, 0.0)
    steps = itertools.count(1)

    def report(error: float) -> None:
        progress(NAME, 1.0 - 0.97 ** next(steps), f"error {error:.2g}")

    sides = recordings_of(material), material.sample_rate
    found = FilterSearch(*sides, linear_error, stop, report).find()
    progress(NAME, 1.0)
    if found is None:
        return None
    block = found.model.block(found.mix)
    both_sides = np.ones((material.channels_out, 1, 1))
    alone = Chain([block] if material.channels_out == 1 else [block, filter_block(both_sides)])
    best, error = alone, validation_esr(alone, material, CPU)
    if not over():
        filtered = with_filter_behind(Chain([block]), material, over)
        less = validation_esr(filtered, material, CPU)
        best, error = (filtered, less) if less < LONGER_CHAIN * error else (best, error)
    return best if error < linear_error else None
