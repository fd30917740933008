"""The solved half of learning where an effect's gain follows an LFO, whether it distorts or not.

A tremolo is tried as filter, gain, filter, and goes on as ``moving_search.py`` tells.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wetprint.identify.moving_branches import Branch
from wetprint.identify.stages import MovingGain
from wetprint.learning.linear import never
from wetprint.learning.material import Material
from wetprint.learning.moved_model import MovedModel, one_channel, side_by_side
from wetprint.learning.moving_search import FRUITFUL, MovingSearch
from wetprint.models.chain import Chain
from wetprint.progress import Progress, silent

NAME = "solving the tremolo"

KNOTS = 32
"""Of the gain over a turn."""


def solve_tremolo(
    material: Material,
    period_samples: float,
    stop: Callable[[], bool] = never,
    progress: Progress = silent,
) -> Chain | None:
    """Solve an effect whose gain follows an LFO and which may distort.

    Args:
        material: what was heard, with one dry channel; takes know where they lie in time.
        period_samples: one turn of the LFO, close enough that its phase is off by less than a
            tenth of a turn at the end.
        stop: says that the search has lasted long enough; what it found is finished.
        progress: told how far it is.

    Returns:
        The chain, or None where a moving gain explains hardly more than a filter alone.
    """
    models: list[MovedModel] = []
    for channel in range(material.channels_out):
        heard = one_channel(material, channel)
        model = _solve_channel(heard, period_samples, stop, progress)
        if model is None:
            return None
        models.append(model)
    progress(NAME, 1.0)
    return side_by_side(models)


def _solve_channel(
    heard: Material, period_samples: float, stop: Callable[[], bool], progress: Progress
) -> MovedModel | None:
    """Try what is simple first, and go on as long as more parts pay."""
    search = MovingSearch(heard, period_samples, stop, progress, NAME)
    still = search.still()
    search.refine_period(still)
    moving = search.moving(still, [MovingGain(np.ones(KNOTS))])
    if search.error([moving]) > FRUITFUL * search.error([still]):
        return None
    return with_curves(search, moving)


def with_curves(search: MovingSearch, moving: Branch) -> MovedModel:
    """Go on from filter, what moves, filter."""
    best = [moving]
    if search.goes_on(best):
        single, first = search.curved(moving)
        best = search.better(best, single)
        if search.goes_on(best):
            banded = search.banded(moving, first)
            if search.better(best, banded) is banded:
                best = search.thorough(banded)
    return search.finished(best)
