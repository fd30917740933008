"""Second-order sections whose response is a measured one: filters that are of low order.

A Hankel matrix of the response has as many singular values that matter as the filter has states;
poles and residues follow from its singular vectors (Kung 1978, A new identification and model
reduction algorithm via singular value decomposition, 12th Asilomar Conference).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigvals, svd
from scipy.signal import sosfilt, zpk2sos

HANKEL = 512
"""Rows and columns: what a filter does within twice as many samples must tell its poles."""

MOST_STATES = 16

HOPELESS = 100.0
"""Singular values that are left out may hold so many times the share of the energy."""

LEAST_AT_ONCE, FARTHEST_ZERO, ON_THE_AXIS = 1e-9, 1e5, 1e-9
"""What stands for no gain at once; zeros beyond which are none; what is no imaginary part."""

MOST_STEPS, WORTHWHILE = 12, 4.0
"""Of solving the zeros once more, unless the error has grown by so much."""

DAMPED = 1.0 - 1e-8
"""Poles farther out than this (minutes to die away) are none of a filter's."""


def find_sections(response: np.ndarray, shares: Sequence[float]) -> np.ndarray | None:
    """Find second-order sections that play a response, as few as will do.

    Args:
        response: ``(taps,)``.
        shares: of its energy that may be left, the least first; the first that can be met is.

    Returns:
        As scipy.signal has them, ``(sections, 6)``. None where no share is met with ``MOST_STATES``
        poles, as of rooms and of cabinets.
    """
    heard = np.trim_zeros(response, "b")
    size = min(HANKEL, (len(heard) - 1) // 2)
    energy = float(np.square(heard).sum())
    if size < 2 or energy == 0.0:
        return None
    hankel = np.lib.stride_tricks.sliding_window_view(heard[1 : 2 * size], size)
    left, values, _ = svd(hankel, full_matrices=False)
    found: list[tuple[np.ndarray, float]] = []
    for states in range(1, min(MOST_STATES, size - 1) + 1):
        if np.square(values[states:]).sum() > HOPELESS * max(shares) * energy * size:
            continue
        sections = _sections(heard, left[:, :states] * np.sqrt(values[:states]))
        if sections is None:
            continue
        played = sosfilt(sections, np.eye(1, len(heard))[0])
        found.append((sections, float(np.square(played - heard).sum()) / energy))
        if found[-1][1] <= min(shares):
            break
    met = (sections for share in shares for sections, error in found if error <= share)
    return next(met, None)


def _sections(heard: np.ndarray, observed: np.ndarray) -> np.ndarray | None:
    """Return sections with the poles of an observability matrix, and the zeros that fit best."""
    step, *_ = np.linalg.lstsq(observed[:-1], observed[1:], rcond=None)
    poles = eigvals(step)
    if np.abs(poles).max() >= DAMPED:
        return None
    # the response is a gain at once and a sum of decays, one for each pole, linear in both
    time = np.arange(1, len(heard))
    decays = np.exp(np.log(poles.astype(complex))[:, None] * (time - 1)).T
    residues, *_ = np.linalg.lstsq(decays, heard[1:].astype(complex), rcond=1e-12)
    at_once = heard[0] if heard[0] else LEAST_AT_ONCE * np.abs(heard).max()
    zeros = eigvals(np.diag(poles) - residues[None] / at_once)
    zeros = zeros[np.abs(zeros) < FARTHEST_ZERO]
    sections = zpk2sos(_in_pairs(zeros), _in_pairs(poles), 1.0)
    played = sosfilt(sections, np.eye(1, len(heard))[0])
    sections[0, :3] *= float(played @ heard) / float(played @ played)
    return _with_better_zeros(sections, heard)


def _with_better_zeros(sections: np.ndarray, heard: np.ndarray) -> np.ndarray:
    """Return sections whose zeros were solved once more: many in one place come out scattered."""
    best, least = sections, np.inf
    for _ in range(MOST_STEPS):
        played, columns = _by_numerators(sections, len(heard))
        error = float(np.square(played - heard).sum())
        if error < least:
            best, least = sections, error
        elif error > WORTHWHILE * least:
            break
        step, *_ = np.linalg.lstsq(columns, heard - played, rcond=1e-10)
        sections = sections.copy()
        sections[:, :3] += step.reshape(-1, 3)
    return best


def _by_numerators(sections: np.ndarray, taps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the response, and how it moves with each numerator's numbers, ``(taps, 3 x n)``."""
    impulse = np.eye(1, taps)[0]
    columns = []
    for number in range(len(sections)):
        others = sections.copy()
        others[number, :3] = 1.0, 0.0, 0.0
        by_first = sosfilt(others, impulse)
        columns += [np.concatenate([np.zeros(lag), by_first[: taps - lag]]) for lag in range(3)]
    return sosfilt(sections, impulse), np.stack(columns, axis=1)


def _in_pairs(roots: np.ndarray) -> np.ndarray:
    """Return roots of a real polynomial as exact pairs, or real."""
    roots = np.asarray(roots, np.complex128)
    real = np.abs(np.imag(roots)) < ON_THE_AXIS * np.maximum(1.0, np.abs(roots))
    above = roots[~real & (np.imag(roots) > 0.0)]
    return np.concatenate([np.real(roots[real]), above, above.conj()])
