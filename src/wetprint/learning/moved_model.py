"""A solved effect that moves and distorts: branches, a coupling capacitor, and a last filter."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import lfilter

from wetprint.blocks.amplitude_modulation import AmplitudeModulation, AmplitudeModulationConfig
from wetprint.blocks.block import Block
from wetprint.blocks.high_pass import HighPass, HighPassConfig, high_pass_coefficients
from wetprint.blocks.waveshaper import Waveshaper
from wetprint.identify.moving_branches import Branch, play_branches
from wetprint.identify.stages import Circuit, FadingDelay, Filter, Shape, Stage
from wetprint.learning.linear import filter_audio
from wetprint.learning.material import Material, Take
from wetprint.models.chain import Chain
from wetprint.models.parallel import Parallel
from wetprint.models.recipes import filter_block


@dataclass(frozen=True)
class MovedModel:
    """One wet channel, solved.

    Attributes:
        branches: side by side; their sum goes on.
        pole: of a first-order high-pass behind them; None where there is none.
        after: the last filter, ``(taps,)``.
        period_samples: of the LFO.
        error: ESR on the validation takes.
    """

    branches: list[Branch]
    pole: float | None
    after: np.ndarray
    period_samples: float
    error: float

    def before_filter(self, take: Take) -> np.ndarray:
        """Play a take up to the last filter: ``(1, time)`` float32."""
        played = play_branches(self.branches, take.dry[0], take.start_sample, self.period_samples)
        if self.pole is not None:
            played = lfilter(*high_pass_coefficients(self.pole), played)
        return played[None].astype(np.float32)

    def play(self, take: Take) -> np.ndarray:
        """Play a take: ``(1, scored_samples)`` float64."""
        after = self.after[None, None]
        return filter_audio(self.before_filter(take), after)[:, take.heard_from :]

    def chain(self, channel: int, channels_out: int) -> Chain:
        """Return the chain that plays it on one of several channels; silence on the others."""
        branches = [self._branch(each) for each in self.branches]
        blocks: list[Block] = list(branches[0]) if len(branches) == 1 else [Parallel(branches)]
        if self.pole is not None:
            high_pass = HighPass(HighPassConfig())
            high_pass.pole.data.fill_(self.pole)
            blocks.append(high_pass)
        sides = np.zeros((channels_out, len(self.after)))
        sides[channel] = self.after
        return Chain([*blocks, filter_block(sides[:, None])])

    def _branch(self, branch: Branch) -> Chain:
        return Chain([_block(each, self.period_samples) for each in branch])


def side_by_side(models: list[MovedModel]) -> Chain:
    """Return the chain that plays one model for each channel."""
    chains = [each.chain(side, len(models)) for side, each in enumerate(models)]
    return chains[0] if len(chains) == 1 else Chain([Parallel(chains)])


def one_channel(material: Material, channel: int) -> Material:
    """Return what was heard on one side."""

    def cut(take: Take) -> Take:
        return dataclasses.replace(take, wet=take.wet[channel : channel + 1])

    return material.changed(cut)


def behind(model: MovedModel, material: Material) -> Material:
    """Replace every take's dry side by what arrives at the last filter."""

    def bent(take: Take) -> Take:
        return dataclasses.replace(take, dry=model.before_filter(take))

    return material.changed(bent)


def _block(stage: Stage, period_samples: float) -> Block:
    """Return the block that plays a stage."""
    if isinstance(stage, Filter | Circuit):
        return filter_block(stage.taps[None, None])
    if isinstance(stage, Shape):
        curve = stage.curve
        return Waveshaper.of_curve(curve.reach, curve.coefficients, curve.even_below)
    if isinstance(stage, FadingDelay):
        return copy.deepcopy(stage.block)  # branches share it
    gain = AmplitudeModulation(AmplitudeModulationConfig(period_samples, len(stage.gain)))
    gain.gain.data = torch.from_numpy(stage.gain[None]).float()
    return gain
