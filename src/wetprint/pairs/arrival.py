"""The first arrival of the dry sound in the wet one: direct sound, not the loudest echo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetprint.pairs.response import Response

CLEAR_OF_NOISE = 25.0
"""An arrival is this many times louder than the median lag."""
QUIETEST_DIRECT = 0.03
"""Direct sound that is weaker than this share of the loudest arrival is not looked for."""
OWN_RINGING_SECONDS = 0.003
"""How far the loudest arrival itself rings to both sides."""
CLEAR_OF_IMPOSSIBLE = 2.0
"""... and how much louder than anything before time zero, where no sound can have come from."""
WEAKEST_REPEAT = 0.05


@dataclass(frozen=True)
class Arrival:
    """Where sound first comes through.

    Attributes:
        lag_samples: of the recording, to within a few samples; negative where the wet is ahead.
        prominence: how many times louder than the median lag it is.
        repeats: whether it comes again after the same time.
    """

    lag_samples: int
    prominence: float
    repeats: bool


def loudest_arrival(response: Response) -> int:
    """Return the lag in samples of the loudest arrival, direct sound or not."""
    return (int(np.abs(response.both).argmax()) - response.zero) * response.step


def first_arrival(response: Response) -> Arrival:
    """Find the direct sound.

    The loudest arrival is direct sound or an echo. An earlier one is taken instead when both
    estimates agree on it, and it stands clear of the noise and of what lies before time zero.
    Before time zero itself nothing but the loudest arrival is believed.
    """
    loudness = np.abs(response.both)
    noise = float(np.median(loudness)) + 1e-9 * float(loudness.max()) + 1e-30
    loudest = int(loudness.argmax())
    agreed = np.sqrt(np.maximum(response.common, 0))
    index = _earlier(agreed, noise, loudest, response)
    lag = index - response.zero
    return Arrival(
        lag_samples=lag * response.step,
        prominence=float(loudness[index] / noise),
        repeats=_repeats(loudness, noise, index, lag, response.rate),
    )


def _earlier(loudness: np.ndarray, noise: float, loudest: int, response: Response) -> int:
    """Return the index of a weaker arrival between time zero and the loudest one, or the latter."""
    zero = response.zero
    ringing = max(1, int(OWN_RINGING_SECONDS * response.rate))
    if loudest - zero <= ringing:
        return loudest
    impossible = loudness[max(0, 2 * zero - loudest) : max(1, zero - ringing)].max()
    bar = max(
        QUIETEST_DIRECT * loudness[loudest],
        CLEAR_OF_NOISE * noise,
        CLEAR_OF_IMPOSSIBLE * impossible,
    )
    above = np.flatnonzero(loudness[zero - ringing // 3 : loudest - ringing] >= bar)
    if len(above) == 0:
        return loudest
    start = zero - ringing // 3 + int(above[0])
    return start + int(loudness[start : start + ringing].argmax())


def _repeats(loudness: np.ndarray, noise: float, index: int, lag: int, rate: float) -> bool:
    """Say whether an arrival at ``lag`` comes again at twice and not before: a delay's echo."""
    near = max(2, int(0.001 * rate))
    again = index + lag
    if lag < 0.02 * rate or again + near >= len(loudness):
        return False
    echo = loudness[again - near : again + near + 1].max()
    between = loudness[index + 4 * near : again - 4 * near]
    bar = max(WEAKEST_REPEAT * loudness[index], CLEAR_OF_NOISE * noise)
    return bool(echo > bar and (len(between) == 0 or echo > 1.5 * between.max()))
