"""Whether a room dies away as it should: decay times per octave of a prediction and its target.

decay_difference
    By how much the decay times of a prediction are off, as shares of the target's; the times are
    those of ``identify/decay.py`` (ISO 3382-1:2009).
"""

from __future__ import annotations

import numpy as np

from wetprint.identify.decay import RANGES_DB, decay_times
from wetprint.judging.metrics import validate


def decay_difference(
    prediction: np.ndarray, target: np.ndarray, sample_rate: int
) -> dict[str, np.ndarray]:
    """Compare decay times: for "edt", "t20" and "t30", the difference as a share of the target's.

    Args:
        prediction: impulse responses, ``(channel, time)``.
        target: what they should be, same shape.
        sample_rate: of both, in Hz.

    Returns:
        ``(octave,)`` each, 0.05 where the prediction takes 5 % longer; nan where either has
        nothing to measure.

    Raises:
        PairError: the two do not fit together.
    """
    validate(prediction, target)
    ours, wanted = decay_times(prediction, sample_rate), decay_times(target, sample_rate)
    return {name: getattr(ours, name) / getattr(wanted, name) - 1.0 for name in RANGES_DB}
