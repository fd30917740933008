"""Solving a cascade of filters and curves from a dry and a wet signal.

All filters and curves are solved together by the Levenberg-Marquardt method (Marquardt 1963,
doi:10.1137/0111030), whose steps ``gauss_newton.py`` finds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, rfft

from wetprint.identify.cascade import Cascade, Reference, Windows
from wetprint.identify.descent import SolveConfig, descend
from wetprint.identify.gauss_newton import Played

HEADROOM = 1.1
"""Curves reach this much further than the loudest sample heard."""


def solve_cascade(
    start: Cascade,
    windows: Windows,
    config: SolveConfig | None = None,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[float], None] = lambda error: None,
) -> tuple[Cascade, float]:
    """Solve a cascade's filters and curves together.

    Args:
        start: where to begin; its filters' lengths and curves' grids are kept, but curves are
            given more reach when the signal between two filters grows beyond it.
        windows: what was heard.
        config: how.
        stop: asked again and again; once it says yes, what was found so far is returned.
        report: told the error after every step.

    Returns:
        The best cascade found, and its error-to-signal ratio over ``windows``.
    """
    config = config or SolveConfig()
    reference = Reference.of(windows)

    def renewed(played: Played) -> Played:
        roomier = _with_room(played.cascade, windows)
        return played if roomier is played.cascade else Played(roomier, reference)

    begun = Played(_with_room(start, windows), reference)
    best = descend(begun, config, stop, report, renewed)
    return best.cascade, best.error


def _with_room(cascade: Cascade, windows: Windows) -> Cascade:
    """Give every curve the reach that the signal needs; the same object where none lacks any."""
    samples = windows.dry.shape[-1]
    signal, curves = windows.dry, list(cascade.curves)
    for number, (taps, curve) in enumerate(zip(cascade.filters, cascade.curves, strict=False)):
        signal = irfft(rfft(signal) * rfft(taps.astype(np.float32), samples), samples)
        loudest = float(np.abs(signal * windows.heard).max())
        if loudest > curve.reach or curve.reach > 2.0 * HEADROOM * loudest > 0.0:
            curves[number] = curve.on_grid(curve.intervals, HEADROOM * max(loudest, 1e-6))
        if number + 1 < len(curves):
            signal = curves[number](signal)
    unchanged = all(each is other for each, other in zip(curves, cascade.curves, strict=True))
    return cascade if unchanged else Cascade(cascade.filters, tuple(curves))
