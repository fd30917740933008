"""The solved half of learning where an effect repeats what it plays: delays and tape echoes.

What is heard is taken apart into what is heard at once and what the heads of a line play
(``echo_heads.py``), filters first, each from what was played and what was heard one echo ago. Where
filters leave something, the echo is bent by curves, in two bands, since a tape's low notes and its
high ones bend apart (``identify/branches.py``). The chain that results records what it plays itself
(``echo_chain.py``), and is judged by what it then plays. As long as that gains something, curves
are solved again with a loop that hears what the chain plays, not what the effect played: from the
equation's error to the output's (Ljung 1999, System Identification, section 7.3).

Left out: curves in what is heard at once, more than one channel, heads that differ in colour, tapes
whose speed wanders.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy.signal import butter, sosfilt

from wetprint.blocks.spline import straight
from wetprint.identify.branch_step import PlayedBranches
from wetprint.identify.branches import Branch
from wetprint.identify.curve import Curve
from wetprint.identify.descent import SolveConfig, descend
from wetprint.learning.echo_chain import echo_chain
from wetprint.learning.echo_heads import filters_error, find_heads, solved_filters
from wetprint.learning.echo_inputs import HEARD_BEFORE, PLAYED, PLAYED_BEFORE, Head, inputs_of
from wetprint.learning.linear import never
from wetprint.learning.material import Material, Take, predict, shortened, validation_esr
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

ROUNDS = 4
"""How often curves are solved at most, each time with what the last chain plays in the loop."""

GAINING = 0.97
"""A round must bring the error below this share of the one before."""

FADING_ECHOES = 40

CPU = torch.device("cpu")

LOOP_LIMIT = 0.999
"""The loop's gain must stay below this at every frequency: at 1 it would sound for ever."""

INTERVALS = 256

HEADROOM = 1.1
"""Curves reach this much further than the loudest sample heard."""

STEPS = SolveConfig(most_steps=10, inner_steps=20, damping=1e-5, worthwhile=0.005)


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
        chain = _better(chain, _bent_chain(filters, heads, material, stop, progress), material)
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
    material: Material,
    stop: Callable[[], bool],
    progress: Progress,
) -> Chain:
    """Solve curves, starting from straight ones, until the chain by itself plays no better."""
    branches = _straight_branches(filters, _middle(material.training))
    best = (np.inf, _linear_chain(filters, heads))
    loops: list[np.ndarray | None] = [None] * len(material.training)
    steps = itertools.count(1)

    def report(error: float) -> None:
        progress("bending the echo", 1.0 - 0.95 ** next(steps), f"error {error:.2g}")

    for _ in range(ROUNDS):
        takes = [inputs_of(*each) for each in _zipped(material.training, heads, loops)]
        heard = choose_stretches(takes, 2 * CURVE_TAPS)
        begun = _with_room(PlayedBranches.of(branches, heard))
        branches = descend(begun, STEPS, stop, report, _with_room).branches
        chain = echo_chain(branches[:1], branches[1:], heads)
        error = validation_esr(chain, material, CPU)
        if error > GAINING * best[0] or not fades(chain, heads):
            break
        best = (error, chain)
        if stop():
            break
        loops = [_played_whole(chain, take) for take in material.training]
    return best[1]


def _zipped(takes, heads: tuple[Head, ...], loops: list[np.ndarray | None]):
    return ((take, heads, loop) for take, loop in zip(takes, loops, strict=True))


def _played_whole(chain: Chain, take: Take) -> np.ndarray:
    """Return what a chain plays of a take, and before that what was heard: ``(1, time)``."""
    played = predict(chain, take, CPU)
    return np.concatenate([take.wet[:, : take.heard_from], played], -1)


def fades(chain: Chain, heads: tuple[Head, ...]) -> bool:
    """Say whether a chain's echo of a loud burst has become softer many echoes later."""
    delay = heads[-1].delay_samples
    dry = np.zeros((1, (FADING_ECHOES + 2) * delay), np.float32)
    dry[:, :delay] = np.random.default_rng(0).uniform(-1.0, 1.0, delay)
    played = predict(chain, Take(dry, dry), CPU).astype(np.float64)
    early, late = played[:, delay : 2 * delay], played[:, -delay:]
    return bool(np.square(late).sum() < 0.5 * np.square(early).sum())


def _straight_branches(filters: np.ndarray, middle: float) -> tuple[Branch, ...]:
    """Share what the filters do among branches with curves that do not bend yet."""
    later = _resized(filters[[PLAYED_BEFORE, HEARD_BEFORE]], CURVE_TAPS)
    wire = np.zeros(CURVE_TAPS)
    wire[0] = 1.0
    curve = Curve(1.0, straight(INTERVALS, 1.0))
    low = sosfilt(butter(2, middle, output="sos"), later)
    return (
        Branch((PLAYED,), filters[[PLAYED]]),
        Branch((PLAYED_BEFORE, HEARD_BEFORE), low, curve, wire),
        Branch((PLAYED_BEFORE, HEARD_BEFORE), later - low, curve, wire),
    )


def _resized(filters: np.ndarray, taps: int) -> np.ndarray:
    kept = filters[:, :taps]
    return np.pad(kept, ((0, 0), (0, taps - kept.shape[-1])))


def _middle(takes: Sequence[Take]) -> float:
    """Return what splits the energy of wet takes in two halves, as a share of half the rate."""
    loudest = max(takes, key=lambda take: float(np.square(take.wet).sum()))
    power = np.cumsum(np.square(np.abs(np.fft.rfft(loudest.wet[0]))))
    return float(np.clip(np.searchsorted(power, 0.5 * power[-1]) / len(power), 1e-3, 0.9))


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
    straight_error = validation_esr(linear, material, CPU)
    return bent if validation_esr(bent, material, CPU) < WORTHWHILE * straight_error else linear
