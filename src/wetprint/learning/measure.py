"""By which measure candidates for one effect are compared.

A phase vocoder chooses phases, so that two of them that sound alike have waveforms as different as
two recordings of noise, and the error-to-signal ratio of a perfect likeness is near 2, worse than
silence. The mean absolute difference of log-mel spectrograms says how different they look; all
candidates for such an effect, those that shift no pitch too, are to be compared by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from wetprint.identify.spectra import log_mel
from wetprint.learning.material import Material, Take, predict
from wetprint.models.chain import Chain


def validation_mel_error(chain: Chain, material: Material, device: torch.device) -> float:
    """Return a chain's mel distance in dB over all validation takes together."""
    rate = material.sample_rate
    return mel_error(material.validation, lambda take: predict(chain, take, device), rate)


def mel_error(takes: Sequence[Take], play: Callable[[Take], np.ndarray], sample_rate: int) -> float:
    """Return the mean absolute difference of log-mel spectrograms over takes together, in dB.

    Args:
        takes: what counts.
        play: gives what is compared with a take's ``scored_wet``, of the same shape.
        sample_rate: Hz.
    """
    lengths = [take.scored_samples for take in takes]
    distances = []
    for take in takes:
        ours, wanted = log_mel(play(take), take.scored_wet, sample_rate)
        distances.append(float(np.mean(np.abs(ours - wanted), dtype=np.float64)))
    return float(np.average(distances, weights=lengths))
