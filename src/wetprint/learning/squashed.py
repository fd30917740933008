"""The solved half of learning where an effect turns its sound up and down: a compressor.

A gain that is constant for hundredths of a second tells a compressor from what distorts. What sort
of compressor, its times and its curve are then found from the gain alone
(``identify/dynamics.py``); whatever filter stands behind it is solved last, over everything that
was heard, as behind any other block.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wetprint.identify.dynamics import PROMISING, Listening, find_dynamics, promising_responses
from wetprint.identify.gain_model import GainModel
from wetprint.learning.filter_behind import with_filter_behind
from wetprint.learning.material import Material, validation_esr
from wetprint.learning.moving import recordings_of
from wetprint.models.chain import Chain
from wetprint.models.playing import CPU
from wetprint.models.recipes import filter_block
from wetprint.progress import Progress, silent

GOOD_ENOUGH = 0.003
"""With so little left (-25 dB) behind a delay, no filter is looked for in front of the gain."""

LONGER_CHAIN = 0.9
"""A filter behind the compressor, or a free curve, must bring the error below this share."""


def solve_compressor(
    material: Material,
    linear: np.ndarray,
    linear_error: float,
    stop: Callable[[], bool],
    over: Callable[[], bool],
    progress: Progress = silent,
) -> Chain | None:
    """Solve a compressor or expander, with a filter behind it where there is one.

    Args:
        material: what was heard.
        linear: the solved linear part, ``(channels_out, channels_in, taps)``.
        linear_error: its ESR on the validation takes.
        stop: says that the search has lasted long enough.
        over: says that even finishing must come to an end.
        progress: told how far it is.

    Returns:
        The chain, or None where a gain that moves explains too little.
    """
    if material.channels_in > 1:
        return None
    heard, rate = recordings_of(material), material.sample_rate
    progress("solving the dynamics", 0.0)

    def report(error_db: float) -> None:
        progress("solving the dynamics", 0.5, f"gain within {error_db:.2g} dB")

    least = PROMISING * linear_error
    best: Chain | None = None
    for response in promising_responses(heard, rate, linear[:, 0], least):
        found = find_dynamics(Listening(heard, rate, response, stop, report))
        if found is None:
            continue
        chain, error = _best((found.textbook, found.free), response, material, over)
        if error < least:
            best, least = chain, error
        if error < GOOD_ENOUGH:
            break
    progress("solving the dynamics", 1.0)
    return best


def _best(
    models: tuple[GainModel, ...],
    response: np.ndarray,
    material: Material,
    over: Callable[[], bool],
) -> tuple[Chain, float]:
    """Choose a curve, and whether a filter follows, by what was kept for judging."""
    best: tuple[Chain, float] | None = None
    for model in models:
        chains = [_alone(model, response, material.channels_out)]
        if not over():
            chains.append(with_filter_behind(Chain([model.block()]), material, over))
        for chain in chains:
            error = validation_esr(chain, material, CPU)
            if best is None or error < LONGER_CHAIN * best[1]:
                best = chain, error
    assert best is not None
    return best


def _alone(model: GainModel, response: np.ndarray, channels_out: int) -> Chain:
    block = model.block()
    if channels_out == 1 and len(response) == 1 and response[0] == 1.0:
        return Chain([block])
    return Chain([block, filter_block(np.repeat(response[None, None], channels_out, axis=0))])
