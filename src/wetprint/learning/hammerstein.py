"""The sampled-effect way: diagonal Volterra kernels blended by level, as a baseline.

A generalised Hammerstein model is a sum of filters, each behind a power of the signal (Farina 2000,
AES 108, paper 5093; Novak et al. 2010, doi:10.1109/TIM.2009.2031836); programs that sample effects
play such kernels. Theirs are measured by swept sines at one level after the other, and an envelope
follower blends from each set of kernels to the next as the sound gets louder. Here the sets of all
levels are solved together, by regularised least squares over everything that was heard, sweeps of
all levels among it, which leaves no more than sets measured one by one would. One set for all
levels is tried as well, and kept where levels gain nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from wetprint.blocks.compressor import Compressor, CompressorConfig
from wetprint.blocks.power import Power, PowerConfig
from wetprint.identify.linear_response import LinearFitConfig, ManyInputEquations
from wetprint.learning.linear import filter_audio, never
from wetprint.learning.material import Material, Take, shortened, takes_esr
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

HIGHEST_ORDER = 7
TAPS = (256, 1024, 2048)
"""Lengths of the kernels that are tried; the shortest that leaves hardly more than the best."""

LEVELS = 4
LEVEL_STEP_DB = 12.0
"""Sets of kernels, and how far apart: the loudest is that of the loudest sound that was heard."""

ATTACK_SAMPLES = 0.001
RELEASE_SECONDS = 0.05
"""Of the envelope follower that blends. It rises at once: kernels of soft sounds, whose high powers
are large, must never play a loud one."""

LEAST_SHARE = 1e-5
"""Of a set that is not to be heard, since gains are in dB."""

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
        stop: says that nothing more is to be tried.
        progress: told how far it is.
        highest_order: of the powers.

    Returns:
        The chain; None where there is more than one channel in.
    """
    if material.channels_in > 1:
        return None
    reach = max(float(np.abs(each.dry).max()) for each in material.training) or 1.0
    share = min(1.0, SOLVED_SECONDS / material.training_seconds)
    takes = [shortened(each, int(share * each.scored_samples)) for each in material.training]
    steps = len(TAPS) + 1
    heads = [Chain([Power(PowerConfig(order + 1, reach))]) for order in range(highest_order)]
    solved: list[tuple[np.ndarray, float]] = []
    for taps in TAPS:
        progress("solving kernels", len(solved) / steps, f"{taps} taps")
        kernels = _solve(heads, takes, taps)  # (channels_out, heads, taps)
        solved.append((kernels, _error(heads, kernels, material.validation)))
        if stop():
            break
    least = min(error for _, error in solved)
    kernels, error = next(each for each in solved if each[1] <= SLACK * least)
    best = heads, kernels, error
    if not stop():
        progress("solving kernels", len(TAPS) / steps, f"{LEVELS} levels")
        heads = _levelled(highest_order, reach, RELEASE_SECONDS * material.sample_rate)
        levelled = _solve(heads, takes, kernels.shape[-1])
        error = _error(heads, levelled, material.validation)
        if SLACK * error < best[2]:
            best = heads, levelled, error
    progress("solving kernels", 1.0)
    heads, kernels, _ = best
    branches = _branches(heads, kernels)
    levels = [
        Chain([Parallel(branches[first : first + highest_order])])
        for first in range(0, len(branches), highest_order)
    ]
    return levels[0] if len(levels) == 1 else Chain([Parallel(levels)])


def _levelled(highest_order: int, reach: float, release: float) -> list[Chain]:
    """Return what stands before the filters: of every level all powers, weighted by loudness.

    Args:
        highest_order: of the powers.
        reach: amplitude of the loudest sound, where the highest level lies.
        release: of the follower, samples.
    """
    config = CompressorConfig(followed="level", curve="free")
    heard_db = np.linspace(config.lowest_db, config.highest_db, config.knots)
    loudest_db = 20.0 * math.log10(reach)
    levels_db = loudest_db - LEVEL_STEP_DB * np.arange(LEVELS)[::-1]
    heads: list[Chain] = []
    for level in range(LEVELS):
        weight = np.interp(heard_db, levels_db, np.eye(LEVELS)[level])
        for order in range(1, highest_order + 1):
            # a gain in front of a power is raised with the sound
            gain_db = 20.0 * np.log10(np.maximum(weight, LEAST_SHARE)) / order
            blend = Compressor(config)
            blend.attack_log.data.fill_(math.log(ATTACK_SAMPLES))
            blend.release_log.data.fill_(math.log(release))
            blend.gain_db.data = torch.from_numpy(gain_db).to(torch.float32)
            own_reach = min(reach, 10.0 ** ((levels_db[level] + LEVEL_STEP_DB) / 20.0))
            heads.append(Chain([blend, Power(PowerConfig(order, own_reach))]))
    return heads


def _branches(heads: Sequence[Chain], kernels: np.ndarray) -> list[Chain]:
    """Put the filter of each head behind it."""
    return [
        Chain([*head, filter_block(kernels[:, number : number + 1])])
        for number, head in enumerate(heads)
    ]


def _solve(heads: Sequence[Chain], takes: Sequence[Take], taps: int) -> np.ndarray:
    """Solve the filters behind the heads: ``(channels_out, heads, taps)``."""
    equations = ManyInputEquations(taps, len(heads), takes[0].wet.shape[0])
    for take in takes:
        equations.add(_heard(heads, take), take.wet, take.heard_from)
    return equations.solve(FIT).response


def _error(heads: Sequence[Chain], kernels: np.ndarray, takes: Sequence[Take]) -> float:
    def played(take: Take) -> np.ndarray:
        return filter_audio(_heard(heads, take), kernels)[:, take.heard_from :]

    return takes_esr(takes, played)


def _heard(heads: Sequence[Chain], take: Take) -> np.ndarray:
    """Return what the filters hear, ``(heads, time)``."""
    with torch.no_grad():
        dry = torch.from_numpy(take.dry)[None]
        return torch.cat([head(dry)[0] for head in heads]).numpy()
