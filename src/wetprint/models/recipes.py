"""Recipes: from what is known of an effect to a chain that may become it.

A recipe is given the solved linear part and returns a chain that starts from it. The command
line's ``--model``, the race and the tests read this one list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.delay import Delay, DelayConfig
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.models.chain import Chain


@dataclass(frozen=True)
class KnownEffect:
    """What a recipe may start from.

    Attributes:
        response: the linear part, ``(channels_out, channels_in, taps)``.
        delay_samples: a pure delay that lies before everything else; ``response`` has it taken
            out already.
    """

    response: np.ndarray
    delay_samples: int = 0


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


def build_linear(known: KnownEffect) -> Chain:
    """Return the solved filter alone."""
    return Chain([*_delay(known), _solved_filter(known)])


def build_dilated(known: KnownEffect) -> Chain:
    """Return a dilated network that starts as nothing, into the solved filter."""
    channels = known.response.shape[1]
    network = Dilated(DilatedConfig(channels_in=channels, channels_out=channels))
    return Chain([*_delay(known), network, _solved_filter(known)])


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("linear", "one impulse response, solved", build_linear, trained=False),
        Recipe(
            "dilated",
            "dilated convolutions into an impulse response, trained from the solved one",
            build_dilated,
            trained=True,
        ),
    )
}


def _delay(known: KnownEffect) -> list[Delay]:
    if known.delay_samples == 0:
        return []
    return [Delay(DelayConfig(known.delay_samples, known.response.shape[1]))]


def _solved_filter(known: KnownEffect) -> Fir:
    channels_out, channels_in, taps = known.response.shape
    block = Fir(FirConfig(taps, channels_in, channels_out))
    block.response.data = torch.from_numpy(known.response).to(torch.float32)
    return block
