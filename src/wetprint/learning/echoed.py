"""The solved half of learning where an effect repeats what it plays: delays and tape echoes.

What is heard is taken apart into what is heard at once and what the heads of a line play
(``echo_heads.py``), filters first, each from what was played and what was heard one echo ago. Where
filters leave something, both parts are bent by curves: the echo in two bands, since a tape's low
notes and its high ones bend apart (``identify/branches.py``). The chain that results records what
it plays itself (``echo_chain.py``), and is judged by what it then plays.

Left out: more than one channel, heads that differ in colour, tapes whose speed wanders.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from scipy.signal import butter, sosfilt

from wetprint.blocks.spline import straight
from wetprint.identify.branch_step import PlayedBranches
from wetprint.identify.branches import Branch
from wetprint.identify.curve import Curve
from wetprint.identify.descent import SolveConfig, descend
from wetprint.learning.echo_chain import echo_chain
from wetprint.learning.echo_heads import filters_error, find_heads, shortened, solved_filters
from wetprint.learning.echo_inputs import HEARD_BEFORE, PLAYED, PLAYED_BEFORE, Head, inputs_of
from wetprint.learning.linear import never
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.windows import choose_stretches
from wetprint.models.chain import Chain
from wetprint.progress import Progress, silent

TAPS = (64, 256, 1024, 2048)
"""Lengths of the filters that are tried."""

CURVE_TAPS = 1024
"""Of the filters before and behind a curve."""

SLACK = 1.1
"""How much more error a shorter filter may leave."""

GOOD_ENOUGH = 1e-8
"""Below this error (-80 dB) no longer filter is tried."""

SOLVED_SECONDS = 60.0
"""How much is listened to for the filters."""

WORTH_BENDING = 1e-6
"""With less error (-60 dB) than this no curve is looked for."""

WORTHWHILE = 0.8
"""Curves must bring the error below this share to stay."""

LOOP_LIMIT = 0.999
"""The loop's gain must stay below this at every frequency: at 1 it would sound for ever."""

INTERVALS = 256

HEADROOM = 1.1
"""Curves reach this much further than the loudest sample heard."""

STEPS = SolveConfig(most_steps=24, inner_steps=25, damping=1e-5, worthwhile=0.002)


def solve_echoed(
    material: Material, stop: Callable[[], bool] = never, progress: Progress = silent
) -> Chain | None:
    """Solve an echo: its heads, its filters, its feedback and its curves.

    Args:
        material: what was heard.
        stop: says that the time for it is over; what was found so far is finished.
        progress: told how far it is.

    Returns:
        A chain that plays like it, or None where there is no echo, where there is more than one
        channel, or where the loop would sound for ever.
    """
    if material.channels_in != 1 or material.channels_out != 1:
        return None
    progress("looking for echoes", 0.0)
    heads = find_heads(material, stop)
    if not heads:
        return None
    progress("solving the echo", 0.3, f"{len(heads)} heads")
    samples = round(SOLVED_SECONDS * material.sample_rate)
    takes = [inputs_of(shortened(take, samples), heads) for take in material.training]
    judged = [inputs_of(take, heads) for take in material.validation]
    filters, error = _solve_filters(takes, judged, stop)
    if _loop_gain(filters[HEARD_BEFORE], heads) > LOOP_LIMIT:
        return None
    chain = _linear_chain(filters, heads)
    if error > WORTH_BENDING and not stop():
        chain = _better(chain, _bent_chain(filters, heads, takes, stop, progress), material)
    progress("solving the echo", 1.0)
    return chain


def _solve_filters(
    takes: list[Take], judged: list[Take], stop: Callable[[], bool]
) -> tuple[np.ndarray, float]:
    """Return the shortest filters ``(inputs, taps)`` that leave hardly more than the best."""
    solved: list[tuple[np.ndarray, float]] = []
    for taps in TAPS:
        filters = solved_filters(takes, taps)
        solved.append((filters, filters_error(judged, filters)))
        if solved[-1][1] < GOOD_ENOUGH or stop():
            break
    best = min(error for _, error in solved)
    return next(each for each in solved if each[1] <= SLACK * best)


def _loop_gain(loop: np.ndarray, heads: tuple[Head, ...]) -> float:
    """Return the largest gain of a loop without curves, at any frequency."""
    strongest = sum(abs(head.gain) for head in heads)
    return strongest * float(np.abs(np.fft.rfft(loop, 8 * len(loop))).max())


def _linear_chain(filters: np.ndarray, heads: tuple[Head, ...]) -> Chain:
    both = [PLAYED_BEFORE, HEARD_BEFORE]
    at_once = Branch((PLAYED,), filters[[PLAYED]])
    return echo_chain([at_once], [Branch((0, 1), filters[both])], heads)


def _bent_chain(
    filters: np.ndarray,
    heads: tuple[Head, ...],
    takes: list[Take],
    stop: Callable[[], bool],
    progress: Progress,
) -> Chain:
    """Solve curves, starting from straight ones."""
    begun = _straight_branches(filters)
    heard = choose_stretches(takes, 2 * CURVE_TAPS)
    played = _with_room(PlayedBranches.of(begun, heard))
    steps = itertools.count(1)

    def report(error: float) -> None:
        progress("bending the echo", 1.0 - 0.9 ** next(steps), f"error {error:.2g}")

    found = descend(played, STEPS, stop, report, _with_room).branches
    at_once = [each for each in found if each.hears == (PLAYED,)]
    later = [each for each in found if each.hears != (PLAYED,)]
    return echo_chain(at_once, later, heads)


def _straight_branches(filters: np.ndarray) -> tuple[Branch, ...]:
    """Share what the filters do among branches with curves that do not bend yet."""
    at_once, later = filters[[PLAYED]], filters[[PLAYED_BEFORE, HEARD_BEFORE]]
    wire = np.zeros(CURVE_TAPS)
    wire[0] = 1.0
    curve = Curve(1.0, straight(INTERVALS, 1.0))
    kept = _resized(later, CURVE_TAPS)
    low = sosfilt(butter(2, _middle(kept), output="sos"), kept)
    return (
        Branch((PLAYED,), 0.5 * at_once),
        Branch((PLAYED,), wire[None], curve, 0.5 * _resized(at_once, CURVE_TAPS)[0]),
        Branch((PLAYED_BEFORE, HEARD_BEFORE), low, curve, wire),
        Branch((PLAYED_BEFORE, HEARD_BEFORE), kept - low, curve, wire),
    )


def _resized(filters: np.ndarray, taps: int) -> np.ndarray:
    kept = filters[:, :taps]
    return np.pad(kept, ((0, 0), (0, taps - kept.shape[-1])))


def _middle(filters: np.ndarray) -> float:
    """Return what splits music played through filters about evenly, as a share of half the rate.

    Music is taken to fall by 6 dB an octave, as pink noise does twice over.
    """
    gains = np.square(np.abs(np.fft.rfft(filters[0], 8 * filters.shape[-1])))[1:]
    power = np.cumsum(gains / np.square(np.arange(1, len(gains) + 1)))
    middle = int(np.searchsorted(power, 0.5 * power[-1])) + 1
    return min(0.9, middle / len(gains))


def _with_room(played: PlayedBranches) -> PlayedBranches:
    """Give every curve the reach that the signal needs; the same object where none lacks any."""
    moved = [
        each if room is None else each.on_reach(room)
        for each, room in zip(played.branches, map(_reach, played.loudest()), strict=True)
    ]
    unchanged = all(a is b for a, b in zip(moved, played.branches, strict=True))
    return played if unchanged else played.on(tuple(moved))


def _reach(loudest: float | None) -> float | None:
    return None if loudest is None else HEADROOM * max(loudest, 1e-6)


def _better(linear: Chain, bent: Chain, material: Material) -> Chain:
    """Return the bent chain where it plays the kept takes clearly better by itself."""
    device = torch.device("cpu")
    straight_error = validation_esr(linear, material, device)
    return bent if validation_esr(bent, material, device) < WORTHWHILE * straight_error else linear
