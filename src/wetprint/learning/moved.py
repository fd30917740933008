"""The solved half of learning where an effect's gain follows an LFO, whether it distorts or not.

A tremolo is tried as filter, gain, filter, and goes on as ``moving_search.py`` tells. So does a
ring modulator, whose gain turns at an audio rate (``identify/carrier.py``): of its mean gain, often
none, no search can begin, so that it begins with the carrier's cosine. But first filters alone are
solved behind the carrier's cosine and sine, which is all that most of them are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from wetprint.blocks.amplitude_modulation import AmplitudeModulation, AmplitudeModulationConfig
from wetprint.blocks.periodic import interpolating
from wetprint.identify.carrier import find_carrier
from wetprint.identify.linear_response import LinearFitConfig, ManyInputEquations
from wetprint.identify.moving_branches import Branch
from wetprint.identify.periodic_response import turned_inputs
from wetprint.identify.stages import Filter, MovingGain
from wetprint.learning.linear import never
from wetprint.learning.material import Material, validation_esr
from wetprint.learning.moved_model import MovedModel, one_channel, side_by_side
from wetprint.learning.moving import long_takes, recordings_of
from wetprint.learning.moving_search import FRUITFUL, GOOD_ENOUGH, MovingSearch
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

CPU = torch.device("cpu")

NAME, RING = "solving the tremolo", "solving the ring modulator"

FIT = LinearFitConfig(ridge=1e-9, tolerance=1e-7, most_iterations=300)

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


def solve_ring_modulator(
    material: Material, stop: Callable[[], bool] = never, progress: Progress = silent
) -> Chain | None:
    """Solve an effect whose gain turns at an audio rate and which may distort.

    Args:
        material: what was heard; takes know where they lie in time.
        stop: says that the search has lasted long enough; what it found is finished.
        progress: told how far it is.

    Returns:
        The chain, or None where the effect is no ring modulator.
    """
    if material.channels_in > 1:
        return None
    progress("looking for a carrier", 0.0)
    carrier = find_carrier(recordings_of(material), material.sample_rate)
    if carrier is None:
        return None
    searches = [
        MovingSearch(one_channel(material, channel), carrier.period_samples, stop, progress, RING)
        for channel in range(material.channels_out)
    ]
    start = _turning(searches[0], carrier.response, carrier.at)
    for search in searches:
        search.refine_period(start[0])
    period = float(np.mean([each.period_samples for each in searches]))
    linear = _filtered_ring(material, period, searches[0].before, stop)
    error = validation_esr(linear, material, CPU)
    if error < GOOD_ENOUGH or stop():
        return linear
    found = side_by_side([_with_curves(each, each.again(start)[0]) for each in searches])
    return found if validation_esr(found, material, CPU) < error else linear


def _filtered_ring(
    material: Material, period_samples: float, taps: int, stop: Callable[[], bool]
) -> Chain:
    """Solve what follows the sound as it is, times a cosine and times a sine: filters.

    With filters that turn the sound's phase by different angles this is a frequency shifter too.
    """
    equations = ManyInputEquations(taps, 3, material.channels_out)
    for take in long_takes(material):
        turned = turned_inputs(take.dry[0], take.start_sample, period_samples, 1)
        equations.add(turned, take.wet, take.heard_from)
    response = equations.solve(FIT, stop).response  # (out, 3, taps)
    branches = [Chain([filter_block(response[:, :1])])]
    for number, wave in ((1, np.cos), (2, np.sin)):
        turning = AmplitudeModulation(AmplitudeModulationConfig(period_samples, KNOTS))
        knots = interpolating(wave(2.0 * np.pi * np.arange(KNOTS) / KNOTS))
        turning.gain.data[0] = torch.from_numpy(knots).float()
        branches.append(Chain([turning, filter_block(response[:, number : number + 1])]))
    return Chain([Parallel(branches)])


def _turning(
    search: MovingSearch, response: np.ndarray, gain: Callable[[np.ndarray], np.ndarray]
) -> list[Branch]:
    """Begin with a filter, a gain over phases in turns, and a wire."""
    before, after = np.zeros(search.before), np.zeros(search.after)
    kept = min(search.before, len(response))
    before[:kept] = response[:kept]
    after[0] = 1.0
    knots = interpolating(gain(np.arange(KNOTS) / KNOTS))
    return [(Filter(before), MovingGain(knots), Filter(after))]


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
    return _with_curves(search, moving)


def _with_curves(search: MovingSearch, moving: Branch) -> MovedModel:
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
