"""The sampled-effect way: diagonal Volterra kernels, as a baseline.

A generalised Hammerstein model is a sum of filters, each behind a power of the signal (Farina 2000,
AES 108, paper 5093; Novak et al. 2010, doi:10.1109/TIM.2009.2031836); programs that sample effects
play such kernels. Theirs are measured by swept sines at one level after the other and switched or
blended by level. Here all kernels are solved together, by regularised least squares over everything
that was heard, sweeps of all levels among it: one set for all levels, which is the best there is
for that set, and no envelope decides.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from wetprint.blocks.power import Power, PowerConfig, powers
from wetprint.identify.linear_response import LinearFitConfig, NormalEquations
from wetprint.learning.linear import filter_audio, never
from wetprint.learning.material import Material, Take, shortened, takes_esr
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

HIGHEST_ORDER = 7
TAPS = (256, 1024, 2048)
"""Lengths of the kernels that are tried; the shortest that leaves hardly more than the best."""

SLACK = 1.05
SOLVED_SECONDS = 90.0
FIT = LinearFitConfig(ridge=1e-8, tolerance=1e-6, most_iterations=300)
"""Powers of one sound are much alike, which a ridge must bear."""


def solve_hammerstein(
    material: Material,
    stop: Callable[[], bool] = never,
    progress: Progress = silent,
    highest_order: int = HIGHEST_ORDER,
) -> Chain | None:
    """Solve the kernels of all powers up to one.

    Args:
        material: what was heard.
        stop: says that no longer kernels are to be tried.
        progress: told how far it is.
        highest_order: of the powers.

    Returns:
        The chain; None where there is more than one channel in.
    """
    if material.channels_in > 1:
        return None
    reach = max(float(np.abs(each.dry).max()) for each in material.training) or 1.0
    share = min(1.0, SOLVED_SECONDS / material.training_seconds)
    solved_on = [shortened(each, int(share * each.scored_samples)) for each in material.training]
    takes = _raised(solved_on, reach, highest_order)
    judged = _raised(material.validation, reach, highest_order)
    solved: list[tuple[np.ndarray, float]] = []
    for number, taps in enumerate(TAPS):
        progress("solving kernels", number / len(TAPS), f"{taps} taps")
        equations = NormalEquations(taps, highest_order, material.channels_out)
        for take in takes:
            equations.add(take.dry, take.wet, take.heard_from)
        kernels = equations.solve(FIT).response  # (channels_out, powers, taps)
        solved.append((kernels, _error(judged, kernels)))
        if stop():
            break
    progress("solving kernels", 1.0)
    least = min(error for _, error in solved)
    kernels = next(each for each, error in solved if error <= SLACK * least)
    branches = [
        Chain([Power(PowerConfig(order + 1, reach)), filter_block(kernels[:, order : order + 1])])
        for order in range(highest_order)
    ]
    return Chain([Parallel(branches)])


def _error(takes: list[Take], kernels: np.ndarray) -> float:
    return takes_esr(takes, lambda take: filter_audio(take.dry, kernels)[:, take.heard_from :])


def _raised(takes: Sequence[Take], reach: float, highest: int) -> list[Take]:
    """Replace every take's dry side by its powers."""
    return [dataclasses.replace(each, dry=powers(each.dry, reach, highest)) for each in takes]
