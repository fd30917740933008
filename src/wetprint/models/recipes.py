"""Recipes: from what is known of an effect to a chain that may become it.

A recipe is given the solved linear part and returns a chain to start from. The command
line's ``--model``, the race and the tests read this one list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.models.chain import Chain


@dataclass(frozen=True)
class KnownEffect:
    """What a recipe may start from.

    Attributes:
        response: the linear part, ``(channels_out, channels_in, taps)``.
        delays: for each channel out, how many samples certainly pass before sound arrives.
        levels: for each channel out, how loud it is beside the dry signal, as a ratio of RMS
            amplitudes; negative where it is closer to the dry signal upside down.
    """

    response: np.ndarray
    delays: tuple[int, ...] = ()
    levels: tuple[float, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """One way to build a chain.

    Attributes:
        name: as written after ``--model``.
        summary: one line for the reader.
        build: makes the untrained chain; draws from torch's generator.
        trained: whether gradients are needed, or the chain is finished as built.
    """

    name: str
    summary: str
    build: Callable[[KnownEffect], Chain]
    trained: bool


ONSET_SHARE = 0.02
"""What of a response's peak counts as its beginning."""

ONSET_MARGIN_SAMPLES = 16

BRIDGED_SAMPLES = 64
"""Networks reach back much further and learn such a delay by themselves."""


def build_linear(known: KnownEffect) -> Chain:
    """Return the solved filter alone."""
    return Chain([_filter(known.response)])


def build_dilated(known: KnownEffect) -> Chain:
    """Return a dilated network into a filter, both of which start as a wire.

    The filter starts with one tap before the effect's sound arrives, at the effect's level. From
    the solved filter a distorting effect is learned several times slower: that is the filter of
    everything before and after the distortion, and stands in the way of both. From a tap at the
    response's peak, a little late, it is not learned well at all.
    """
    response = np.zeros_like(known.response)
    for side, (delay, level) in enumerate(zip(known.delays, known.levels, strict=True)):
        response[side, :, delay] = level / known.response.shape[1]
    return Chain([_network(known), _filter(response)])


def safe_delay_samples(response: np.ndarray) -> int:
    """Return a delay that the effect's sound certainly does not arrive before.

    Args:
        response: ``(channels_in, taps)``.

    Returns:
        0 unless nothing happens for so long that the network should not have to bridge it.
    """
    size = np.abs(response).max(0)
    onset = int(np.argmax(size > ONSET_SHARE * size.max()))
    return onset - ONSET_MARGIN_SAMPLES if onset > BRIDGED_SAMPLES else 0


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("linear", "one impulse response, solved", build_linear, trained=False),
        Recipe(
            "dilated",
            "dilated convolutions into an impulse response, trained",
            build_dilated,
            trained=True,
        ),
    )
}


def _network(known: KnownEffect) -> Dilated:
    channels = known.response.shape[1]
    return Dilated(DilatedConfig(channels_in=channels, channels_out=channels))


def _filter(response: np.ndarray) -> Fir:
    channels_out, channels_in, taps = response.shape
    block = Fir(FirConfig(taps, channels_in, channels_out))
    block.response.data = torch.from_numpy(response).to(torch.float32)
    return block
