"""The solved half of learning where an effect's gain turns at an audio rate: a ring modulator.

The carrier is found (``identify/carrier.py``), and filters are solved behind its cosine, its sine
and the sound as it is, which is all that most ring modulators are; a frequency shifter is that too.
Where it leaves something, a filter, a gain of any shape and a filter are solved, and curves around
them, as of a tremolo (``moved.py``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from wetprint.blocks.amplitude_modulation import AmplitudeModulation, AmplitudeModulationConfig
from wetprint.blocks.periodic import interpolating
from wetprint.identify.carrier import Carrier, find_carrier
from wetprint.identify.linear_response import LinearFitConfig
from wetprint.identify.moving_branches import Branch
from wetprint.identify.periodic_response import solve_turned
from wetprint.identify.stages import Filter, MovingGain
from wetprint.learning.blended import fitted_taps, loudest_channel
from wetprint.learning.linear import never
from wetprint.learning.material import Material, validation_esr
from wetprint.learning.moved import KNOTS, with_curves
from wetprint.learning.moved_model import one_channel, side_by_side
from wetprint.learning.moving import recordings_of
from wetprint.learning.moving_search import GOOD_ENOUGH, MovingSearch
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.playing import CPU
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

NAME = "solving the ring modulator"

FIT = LinearFitConfig(ridge=1e-9, tolerance=1e-7, most_iterations=300)


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
    progress("looking for a carrier", 1.0)
    if carrier is None:
        return None

    def search_on(channel: int, period_samples: float) -> MovingSearch:
        return MovingSearch(one_channel(material, channel), period_samples, stop, progress, NAME)

    loudest = search_on(loudest_channel(material), carrier.period_samples)
    start = _filter_and_gain(loudest, carrier)
    loudest.refine_period(start)
    linear = _filtered(material, loudest.period_samples, loudest.before, stop)
    error = validation_esr(linear, material, CPU)
    if error < GOOD_ENOUGH or stop():
        return linear
    searches = [search_on(each, loudest.period_samples) for each in range(material.channels_out)]
    bent = side_by_side([with_curves(each, each.again(start)) for each in searches])
    return bent if validation_esr(bent, material, CPU) < error else linear


def _filtered(
    material: Material, period_samples: float, taps: int, stop: Callable[[], bool]
) -> Chain:
    """Solve the filters behind the sound as it is, times the cosine, and times the sine."""
    response = solve_turned(recordings_of(material), period_samples, 1, taps, FIT, stop)
    branches = [Chain([filter_block(response[:, :1])])]
    for number, wave in ((1, np.cos), (2, np.sin)):
        turning = AmplitudeModulation(AmplitudeModulationConfig(period_samples, KNOTS))
        knots = interpolating(wave(2.0 * np.pi * np.arange(KNOTS) / KNOTS))
        turning.gain.data[0] = torch.from_numpy(knots).float()
        branches.append(Chain([turning, filter_block(response[:, number : number + 1])]))
    return Chain([Parallel(branches)])


def _filter_and_gain(search: MovingSearch, carrier: Carrier) -> Branch:
    """Begin with the filter that goes with the carrier, its gain, and a wire.

    A tremolo's search begins with the mean gain, of which a ring modulator may have none.
    """
    gain = interpolating(carrier.at(np.arange(KNOTS) / KNOTS))
    before = fitted_taps(carrier.response, search.before)
    return Filter(before), MovingGain(gain), Filter(np.eye(1, search.after)[0])
