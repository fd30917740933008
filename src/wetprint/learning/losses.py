"""What training makes small.

Error-to-signal ratio, plain and after a pre-emphasis filter that weighs the treble as the ear does
(Wright and Valimaki 2020, arXiv:1911.08922). All compare ``(prediction, target)`` of shape
``(batch, channels, time)`` and return one number.
"""

from __future__ import annotations

from torch import Tensor

from wetprint.blocks.mu_law_wavenet import MuLawWaveNet
from wetprint.models.chain import Chain

PRE_EMPHASIS = 0.85
SILENCE_ENERGY = 1e-8
"""Mean square (-80 dBFS) added to a target's, so that silence cannot divide by nothing."""


def esr_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the energy of the error over the energy of the target, of the whole batch."""
    error = (prediction - target).square().mean()
    return error / (target.square().mean() + SILENCE_ENERGY)


def pre_emphasised(audio: Tensor, coefficient: float = PRE_EMPHASIS) -> Tensor:
    """Apply ``y[n] = x[n] - coefficient x[n - 1]``; one sample shorter than ``audio``."""
    return audio[..., 1:] - coefficient * audio[..., :-1]


def waveform_loss(prediction: Tensor, target: Tensor, emphasis: float = 0.5) -> Tensor:
    """Return a weighted mean of the plain and the pre-emphasised error-to-signal ratio.

    Args:
        prediction: ``(batch, channels, time)``.
        target: the same shape.
        emphasis: weight of the pre-emphasised part, 0 to 1.
    """
    plain = esr_loss(prediction, target)
    if emphasis == 0.0:
        return plain
    treble = esr_loss(pre_emphasised(prediction), pre_emphasised(target))
    return (1.0 - emphasis) * plain + emphasis * treble


def cross_entropy_loss(chain: Chain, dry: Tensor, wet: Tensor) -> Tensor:
    """Return how unlikely a chain holds the wet signal, whose last block chooses among steps.

    Args:
        chain: its last block is a MuLawWaveNet.
        dry: ``(batch, channels_in, time + the chain's context)``.
        wet: ``(batch, channels_out, time)``.

    Raises:
        ValueError: the chain ends in another block.
    """
    *before, last = chain
    if not isinstance(last, MuLawWaveNet):
        raise ValueError(
            "cross_entropy needs a chain that ends in a network which chooses among steps, got "
            f"one that ends in {type(last).__name__}; use the waveform loss"
        )
    for block in before:
        dry = block.valid(dry)
    return last.cross_entropy(dry, wet)
