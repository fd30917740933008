"""An octave divider: flip-flops that count the waves of the sound turn it over.

Analogue dividers (Boss OC-2 and its kin) take a trigger from the sound, which clocks a flip-flop
once a wave, and that one clocks another (``engine/octave_trigger.py``). The first switches the
sound between two gains, mostly of opposite sign, so that every other wave stands on its head: half
the frequency, with the envelope of what is played. The second does the same to what the first
returns: a quarter. With ``s, t`` the states, 1 or -1, and ``p`` powers as in ``power.py``,
``y = sum over k of (steady[k] + s switched[k]) p_k(x)``, and the second channel is ``t y``. Both
gains are curves, since the transistors that switch are bent. What is heard of the sound itself, and
the filters behind the switches, belong beside and behind the block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import number, switch, whole_number
from wetprint.blocks.power import HIGHEST_ORDER, Power, PowerConfig
from wetprint.engine.octave_trigger import Trigger, count_octaves, silent_state

SETTLING_SAMPLES = 4096
"""What ``valid`` drops; how often was counted before, it cannot know."""

FIRST_STATE = (-1.0, 1.0, -1.0, 1.0)
SECOND_STATE = (-1.0, 1.0, 1.0, -1.0)
"""Of the flip-flops at the counts 0 to 3: the second turns over where the first one rises."""


@dataclass(frozen=True)
class OctaveDividerConfig:
    """The trigger, and how finely the switched gains are bent.

    Attributes:
        lowpass, highpass, lag, held_lag, attack, release, ratio, threshold: see Trigger.
        inverted: whether the upper half of a wave is counted, instead of the lower one.
        starts_at: the count that silence leaves, 0 to 3.
        order: highest power.
        reach: where the powers go on along their tangents.
    """

    lowpass: float = 0.01
    highpass: float = 5e-4
    lag: float = 0.0
    held_lag: float = 0.0
    attack: float = 0.02
    release: float = 0.02
    ratio: float = 0.9
    threshold: float = 1e-3
    inverted: bool = False
    starts_at: int = 0
    order: int = 5
    reach: float = 1.0

    def __post_init__(self) -> None:
        number("lowpass", self.lowpass, 1e-5, 0.45)
        number("highpass", self.highpass, 1e-7, 0.1)
        number("lag", self.lag, 0.0, 1.0)
        number("held_lag", self.held_lag, 0.0, 1.0)
        number("attack", self.attack, 1e-7, 1.0)
        number("release", self.release, 1e-7, 1.0)
        number("ratio", self.ratio, 0.0, 2.0)
        number("threshold", self.threshold, 1e-9, 1.0)
        switch("inverted", self.inverted)
        whole_number("starts_at", self.starts_at, 0, 3)
        whole_number("order", self.order, 1, HIGHEST_ORDER)
        number("reach", self.reach, 1e-6, 1e6)

    @property
    def trigger(self) -> Trigger:
        """What counts."""
        levels = self.attack, self.release, self.ratio, self.threshold
        return Trigger(self.lowpass, self.highpass, self.lag, self.held_lag, *levels)


class OctaveDivider(RecursiveBlock):
    """Make of one channel two: one octave below, and two. Untrained, plain changes of sign.

    Attributes:
        steady: ``(order,)``, what both gains of a power have in common.
        switched: ``(order,)``, half their difference.
    """

    learning_rate_factor = 0.3

    def __init__(self, config: OctaveDividerConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = 1, 2
        self.context_samples = SETTLING_SAMPLES
        self.steady = nn.Parameter(torch.zeros(config.order))
        self.switched = nn.Parameter(torch.eye(1, config.order)[0])

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.play(audio, [silent_state(self.config.starts_at) for _ in audio])

    def play(self, audio: Tensor, states: list[np.ndarray]) -> Tensor:
        """Play ``(batch, 1, time)`` from a state for each item of the batch, which moves on."""
        sign = -1.0 if self.config.inverted else 1.0
        heard = sign * audio[:, 0].detach().cpu().float().numpy()
        trigger = self.config.trigger
        rows = [
            count_octaves(row, trigger, state)[0] for row, state in zip(heard, states, strict=True)
        ]
        counts = torch.from_numpy(np.stack(rows)).long()[:, None]  # (batch, 1, time)
        first, second = (
            torch.tensor(each)[counts].to(audio) for each in (FIRST_STATE, SECOND_STATE)
        )
        octave = torch.zeros_like(audio)
        for order in range(self.config.order):
            power = Power(PowerConfig(order + 1, self.config.reach))(audio)
            octave = octave + (self.steady[order] + first * self.switched[order]) * power
        return torch.cat([octave, second * octave], dim=1)

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return OctaveDividerStream(self, batch)


class OctaveDividerStream(BlockStream):
    """Block-wise playing: what the trigger of each item of the batch remembers."""

    def __init__(self, block: OctaveDivider, batch: int):
        self.block = block
        self.states = [silent_state(block.config.starts_at) for _ in range(batch)]

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        return self.block.play(audio, self.states)
