"""Recipes: from what is known of an effect to a chain that may become it.

The command line's ``--model``, the race and the tests read this one list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from wetprint.blocks.block import Block
from wetprint.blocks.convolution import Fir, FirConfig
from wetprint.blocks.dilated import Dilated, DilatedConfig
from wetprint.blocks.high_pass import HighPass, HighPassConfig
from wetprint.blocks.recurrent import Lstm, RecurrentConfig
from wetprint.blocks.waveshaper import Waveshaper
from wetprint.models import baselines
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel


@dataclass(frozen=True)
class KnownCurve:
    """A static curve between two filters, as it was solved.

    Attributes:
        filter_before: ``(taps,)``.
        reach: see WaveshaperConfig.
        coefficients: ``(intervals + 3,)``, see wetprint.blocks.spline.
        pole: of a first-order high-pass behind the curve, or None.
        filter_after: ``(channels_out, taps)``.
        even_below: see WaveshaperConfig.
        filter_beside: ``(channels_out, taps)``, of the dry signal, added to the rest; None where
            nothing stands beside the curve.
    """

    filter_before: np.ndarray
    reach: float
    coefficients: np.ndarray
    pole: float | None
    filter_after: np.ndarray
    even_below: float = 0.0
    filter_beside: np.ndarray | None = None


@dataclass(frozen=True)
class KnownEffect:
    """What a recipe may start from.

    Attributes:
        response: the linear part, ``(channels_out, channels_in, taps)``.
        delays: for each channel out, how many samples certainly pass before sound arrives.
        curve: the best static curve between two filters, where one was found.
        found: a chain that was solved as a whole.
    """

    response: np.ndarray
    delays: tuple[int, ...] = ()
    curve: KnownCurve | None = None
    found: Chain | None = None


@dataclass(frozen=True)
class Recipe:
    """One way to build a chain.

    Attributes:
        name: as written after ``--model``.
        summary: one line for the reader.
        build: makes the chain; draws from torch's generator.
        trained: whether gradients are needed, or the chain is finished as built.
        beside_solved: whether it is trained on what the best solved chain leaves, and then stands
            beside that chain.
        behind_solved: the same, but it hears what that chain plays, and stands behind it.
        baseline: whether it runs only when it is asked for, most of them to be compared with.
        training: what of its training is its own: values for fields of
            wetprint.learning.training.TrainingConfig.
    """

    name: str
    summary: str
    build: Callable[[KnownEffect], Chain]
    trained: bool
    beside_solved: bool = False
    behind_solved: bool = False
    baseline: bool = False
    training: Mapping[str, object] = field(default_factory=dict)


ONSET_SHARE = 0.02
"""What of a response's peak counts as its beginning."""

ONSET_MARGIN_SAMPLES = 16

CORRECTED_TAPS = 64

BRIDGED_SAMPLES = 64
"""Networks reach back much further and learn such a delay by themselves."""


def build_linear(known: KnownEffect) -> Chain:
    """Return the solved filter alone."""
    return Chain([filter_block(known.response)])


def build_wiener_hammerstein(known: KnownEffect) -> Chain:
    """Return the solved filter, curve and filter.

    Raises:
        ValueError: no curve is known.
    """
    curve = known.curve
    if curve is None:
        raise ValueError("expected an effect whose curve is known, got one without")
    shaper = Waveshaper.of_curve(curve.reach, curve.coefficients, curve.even_below)
    blocks: list[Block] = [filter_block(curve.filter_before[None, None]), shaper]
    if curve.pole is not None:
        high_pass = HighPass(HighPassConfig())
        high_pass.pole.data.fill_(curve.pole)
        blocks.append(high_pass)
    return Chain([*blocks, filter_block(curve.filter_after[:, None])])


def build_clean_blend(known: KnownEffect) -> Chain:
    """Return the solved filter, curve and filter, and the solved filter beside them.

    Raises:
        ValueError: no curve is known that has something beside it.
    """
    if known.curve is None or known.curve.filter_beside is None:
        raise ValueError("expected an effect with a known curve and clean path, got one without")
    clean = Chain([filter_block(known.curve.filter_beside[:, None])])
    return Chain([Parallel([build_wiener_hammerstein(known), clean])])


def build_found(known: KnownEffect) -> Chain:
    """Return the chain that was solved as a whole.

    Raises:
        ValueError: none was.
    """
    if known.found is None:
        raise ValueError("expected an effect of which a chain was found, got one without")
    return known.found


def build_dilated(known: KnownEffect) -> Chain:
    """Return a dilated network into a filter.

    The filter starts as one tap before the effect's sound arrives. From the solved filter a
    distorting effect is learned several times slower: that is the filter of everything before and
    after the distortion, and stands in the way of both. From a tap at the response's peak, a little
    late, it is not learned well at all.
    """
    channels = known.response.shape[1]
    network = Dilated(DilatedConfig(channels_in=channels, channels_out=channels, skip=False))
    return Chain([network, _wire(known)])


def build_corrected(known: KnownEffect) -> Chain:
    """Return a dilated network into a filter, for what is to stand behind another chain."""
    channels = len(known.response)
    config = DilatedConfig(channels_in=channels, channels_out=channels, skip=False)
    wire = np.zeros((channels, channels, CORRECTED_TAPS))
    wire[..., 0] = np.eye(channels)
    return Chain([Dilated(config), filter_block(wire)])


def build_lstm(known: KnownEffect) -> Chain:
    """Return recurrent units into a filter, which starts as in ``build_dilated``.

    40 units and the dry signal beside them are what Proteus and AIDA-X play.
    """
    channels = known.response.shape[1]
    layer = Lstm(RecurrentConfig(channels_in=channels, channels_out=channels))
    return Chain([layer, _wire(known)])


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
            "wiener_hammerstein",
            "a static curve between two filters, solved",
            build_wiener_hammerstein,
            trained=False,
        ),
        Recipe(
            "clean_blend",
            "a static curve between two filters, beside a filter of the dry signal, solved",
            build_clean_blend,
            trained=False,
        ),
        *(
            Recipe(name, f"{summary}, solved", build_found, trained=False)
            for name, summary in (
                ("parametric", "second-order sections in a row, as filters of low order are"),
                ("pitch_shifter", "a phase vocoder beside the dry signal"),
                ("modulated_delay", "delay lines that follow an LFO, beside the dry signal"),
                ("crossfaded_delay", "delays that fade from one length to the next"),
                ("tremolo", "a gain that follows an LFO, between filters and curves"),
                ("ring_modulator", "a gain that turns at an audio rate, between filters"),
                ("phaser", "allpass stages that follow an LFO, beside the dry signal"),
                (
                    "periodic_filter",
                    "a filter that comes again with every turn of an LFO",
                ),
                ("moving_reverb", "impulse responses for every moment of a reverb's cycle"),
                ("envelope_filter", "a filter whose cutoff follows the level, before a fixed one"),
                ("compressor", "a gain that follows the level, before a filter"),
                ("echo", "a delay line that returns through filters and curves"),
            )
        ),
        Recipe(
            "dilated",
            "dilated convolutions into an impulse response, trained",
            build_dilated,
            trained=True,
        ),
        Recipe(
            "refined",
            "the best solved chain, and beside it dilated convolutions trained on what it leaves",
            build_dilated,
            trained=True,
            beside_solved=True,
        ),
        Recipe(
            "corrected",
            "the best solved chain, and behind it dilated convolutions trained on what it leaves",
            build_corrected,
            trained=True,
            behind_solved=True,
        ),
        Recipe(
            "lstm", "recurrent units into an impulse response, trained", build_lstm, trained=True
        ),
        Recipe(
            "octave_divider",
            "flip-flops that turn every other wave over, solved",
            build_found,
            trained=False,
            baseline=True,
        ),
        Recipe(
            "hammerstein",
            "diagonal Volterra kernels of several levels, blended by level, solved",
            build_found,
            trained=False,
            baseline=True,
        ),
        *(
            Recipe(name, summary, build, trained=True, baseline=True, training=training)
            for name, summary, build, training in baselines.BASELINES
        ),
    )
}


def _wire(known: KnownEffect) -> Fir:
    """Return a filter as long as the linear part that does nothing but wait for the sound."""
    response = np.zeros_like(known.response)
    for side, delay in enumerate(known.delays):
        response[side, :, delay] = 1.0 / known.response.shape[1]
    return filter_block(response)


def filter_block(response: np.ndarray) -> Fir:
    """Return a filter with a response ``(channels_out, channels_in, taps)``."""
    channels_out, channels_in, taps = response.shape
    block = Fir(FirConfig(taps, channels_in, channels_out))
    block.response.data = torch.from_numpy(response).to(torch.float32)
    return block
