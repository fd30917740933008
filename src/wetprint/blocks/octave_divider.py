"""An octave divider: flip-flops that count the waves of the sound turn it over.

Analogue dividers (Boss OC-2 and its kin) take a trigger from the sound, which clocks a flip-flop
once a wave, and that one clocks another (``engine/octave_trigger.py``). The first switches the
sound between two gains, mostly of opposite sign, so that every other wave stands on its head: half
the frequency, with the envelope of what is played. A filter rounds it off; behind it the second
flip-flop does the same once more: a quarter. With ``s, t`` the states, 1 or -1, ``p`` powers as in
``power.py``, and ``h`` the filter, the channels are

    y = h * sum over k of (steady[k] + s switched[k]) p_k(x)
    z = sum over k of (second_steady[k] + t second_switched[k]) p_k(y).

The gains are curves, since the transistors that switch are bent. What is heard of the sound itself,
and filters behind the second switch, belong beside and behind the block.

Left out: the constant that pedals switch when nothing is played; silence stays silent.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import number, switch, whole_number
from wetprint.blocks.convolution import convolve_valid
from wetprint.blocks.power import HIGHEST_ORDER, Power, PowerConfig
from wetprint.engine.octave_trigger import Trigger, count_octaves, silent_state

MOST_TAPS = 4096
"""Of the filter before the second flip-flop."""

SETTLING_SAMPLES = 4096
"""What ``valid`` drops; how often was counted before, it cannot know."""

FIRST_STATE = (-1.0, 1.0, -1.0, 1.0)
SECOND_STATE = (-1.0, 1.0, 1.0, -1.0)
"""Of the flip-flops at the counts 0 to 3: the second turns over where the first one rises."""


@dataclass(frozen=True)
class OctaveDividerConfig:
    """The trigger, and how finely the switched gains are bent.

    Attributes:
        lowpass to threshold: see Trigger.
        inverted: whether the upper half of a wave is counted, instead of the lower one.
        starts_at: the count that silence leaves, 0 to 3.
        order: highest power.
        second_order: highest power behind the filter.
        reach: where the powers go on along their tangents.
        taps: length of the filter before the second flip-flop, in samples.
    """

    lowpass: float = 0.01
    highpass: float = 5e-4
    compared_lowpass: float = 0.49
    compared_slow: float = 3e-5
    compared_slow_share: float = 0.0
    held_lowpass: float = 0.49
    held_slow: float = 3e-5
    held_slow_share: float = 0.0
    attack: float = 0.02
    release: float = 0.02
    ratio: float = 0.9
    threshold: float = 1e-3
    inverted: bool = False
    starts_at: int = 0
    order: int = 5
    second_order: int = 1
    reach: float = 1.0
    taps: int = 1

    def __post_init__(self) -> None:
        number("lowpass", self.lowpass, 1e-5, 0.45)
        number("highpass", self.highpass, 1e-7, 0.1)
        number("compared_lowpass", self.compared_lowpass, 1e-5, 0.49)
        number("compared_slow", self.compared_slow, 1e-7, 0.1)
        number("compared_slow_share", self.compared_slow_share, -1.0, 4.0)
        number("held_lowpass", self.held_lowpass, 1e-5, 0.49)
        number("held_slow", self.held_slow, 1e-7, 0.1)
        number("held_slow_share", self.held_slow_share, -1.0, 4.0)
        number("attack", self.attack, 1e-7, 1.0)
        number("release", self.release, 1e-7, 1.0)
        number("ratio", self.ratio, 0.0, 2.0)
        number("threshold", self.threshold, 1e-9, 1.0)
        switch("inverted", self.inverted)
        whole_number("starts_at", self.starts_at, 0, 3)
        whole_number("order", self.order, 1, HIGHEST_ORDER)
        whole_number("second_order", self.second_order, 1, HIGHEST_ORDER)
        number("reach", self.reach, 1e-6, 1e6)
        whole_number("taps", self.taps, 1, MOST_TAPS)

    @property
    def trigger(self) -> Trigger:
        """What counts."""
        return Trigger(**{each.name: getattr(self, each.name) for each in fields(Trigger)})


class OctaveDivider(RecursiveBlock):
    """Make of one channel two: one octave below, and two. Untrained, plain changes of sign.

    Attributes:
        steady: ``(order,)``, what both gains of a power have in common.
        switched: ``(order,)``, half their difference.
        response: ``(taps,)``, of the filter before the second flip-flop.
        second_steady, second_switched: ``(second_order,)``, the same of the second flip-flop.
    """

    learning_rate_factor = 0.3

    def __init__(self, config: OctaveDividerConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = 1, 2
        self.context_samples = SETTLING_SAMPLES
        self.steady = nn.Parameter(torch.zeros(config.order))
        self.switched = nn.Parameter(torch.eye(1, config.order)[0])
        self.response = nn.Parameter(torch.eye(1, config.taps)[0])
        self.second_steady = nn.Parameter(torch.zeros(config.second_order))
        self.second_switched = nn.Parameter(torch.eye(1, config.second_order)[0])

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.stream(len(audio)).process(audio)

    def counts(self, audio: Tensor, states: list[np.ndarray]) -> Tensor:
        """Count waves from a state for each item of the batch, which moves on.

        Returns:
            ``(batch, 1, time)`` int64, 0 to 3.
        """
        sign = -1.0 if self.config.inverted else 1.0
        heard = sign * audio[:, 0].detach().cpu().float().numpy()
        trigger = self.config.trigger
        rows = [
            count_octaves(row, trigger, state)[0] for row, state in zip(heard, states, strict=True)
        ]
        return torch.from_numpy(np.stack(rows)).long()[:, None].to(audio.device)

    def octaves(self, audio: Tensor, counts: Tensor) -> Tensor:
        """Return both octaves of a whole sound at counts given: ``(batch, 2, time)``."""
        return OctaveDividerStream(self, len(audio)).switch(audio, counts)

    def first(self, audio: Tensor, counts: Tensor) -> Tensor:
        """Return what the first flip-flop makes of the sound, before the filter."""
        state = _states(FIRST_STATE, counts, audio)
        return self._switched(audio, state, self.steady, self.switched)

    def second(self, octave: Tensor, counts: Tensor) -> Tensor:
        """Return what the second flip-flop makes of the octave."""
        state = _states(SECOND_STATE, counts, octave)
        return self._switched(octave, state, self.second_steady, self.second_switched)

    def _switched(self, audio: Tensor, state: Tensor, steady: Tensor, switched: Tensor) -> Tensor:
        sound = torch.zeros_like(audio)
        for order in range(len(steady)):
            power = Power(PowerConfig(order + 1, self.config.reach))(audio)
            sound = sound + (steady[order] + state * switched[order]) * power
        return sound

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return OctaveDividerStream(self, batch)


class OctaveDividerStream(BlockStream):
    """Block-wise playing: what trigger and filter of each item of the batch remember."""

    def __init__(self, block: OctaveDivider, batch: int):
        self.block = block
        self.states = [silent_state(block.config.starts_at) for _ in range(batch)]
        self.history = torch.zeros(batch, 1, block.config.taps - 1)

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((len(audio), 2, 0))
        return self.switch(audio, self.block.counts(audio, self.states))

    def switch(self, audio: Tensor, counts: Tensor) -> Tensor:
        """Play ``(batch, 1, time)`` at counts given, after what was played before."""
        block = self.block
        heard = torch.cat([self.history.to(audio), block.first(audio, counts)], dim=-1)
        self.history = heard[..., heard.shape[-1] - block.config.taps + 1 :]
        octave = convolve_valid(heard, block.response[None, None])
        return torch.cat([octave, block.second(octave, counts)], dim=1)


def _states(of_count: tuple[float, ...], counts: Tensor, like: Tensor) -> Tensor:
    return torch.tensor(of_count, dtype=like.dtype, device=like.device)[counts]
