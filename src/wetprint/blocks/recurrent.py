"""Recurrent layers, LSTM or GRU, mixed down, with the dry signal beside them.

After Wright et al. 2019 (DAFx, "Real-time black-box modelling with recurrent neural networks") and
2020 (doi:10.3390/app10030766); the cells are described in ``engine/recurrent.py``. The state before
the first sample is the one that silence leads to. One layer is the rule; more are stacked, each
hearing the hidden units of the one before it. Left out: knobs as inputs.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wetprint.blocks.block import BlockStream, RecursiveBlock
from wetprint.blocks.checks import whole_number
from wetprint.blocks.dry import with_dry
from wetprint.engine.recurrent import CellWeights, gru, lstm

WARM_UP_SAMPLES = 1024
"""What ``valid`` drops: in training, the state finds its way to the sound in so many samples."""

SILENCE_SAMPLES = 1024
"""Silence is heard in stretches of this length until the state stands still."""

MOST_SILENCES = 64
"""A recursion may never settle; then the state after so many stretches is taken."""

STANDS_STILL = 1e-6
"""A state that moves by less than this share of its size (and of 1) moves by rounding only."""

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class RecurrentConfig:
    """The shape of the layers.

    Attributes:
        units: hidden units of every layer.
        channels_in: channels of audio in.
        channels_out: channels of audio out.
        skip: whether the dry signal is added to the output, which makes the untrained layer pass
            audio through.
        layers: how many, one after the other.
    """

    units: int = 40
    channels_in: int = 1
    channels_out: int = 1
    skip: bool = True
    layers: int = 1

    def __post_init__(self) -> None:
        whole_number("units", self.units, 1, 1024)
        whole_number("channels_in", self.channels_in, 1, 2)
        whole_number("channels_out", self.channels_out, 1, 2)
        whole_number("layers", self.layers, 1, 16)


class Recurrent(RecursiveBlock):
    """What both cells share; ``cell`` holds the weights under PyTorch's names."""

    keeps_silence = False
    states_per_layer: int
    cell: nn.LSTM | nn.GRU

    def __init__(self, config: RecurrentConfig):
        super().__init__()
        self.config = config
        self.channels_in, self.channels_out = config.channels_in, config.channels_out
        self.context_samples = WARM_UP_SAMPLES
        self.mix_down = nn.Conv1d(config.units, config.channels_out, 1)
        self.dry_gain = nn.Parameter(torch.ones(())) if config.skip else None
        if config.skip:  # the untrained layer passes audio through
            for parameter in self.mix_down.parameters():
                nn.init.zeros_(parameter)

    def start(self) -> State:
        """Return a state of zeros, each ``(1, units)``, layer after layer."""
        count = self.config.layers * self.states_per_layer
        return tuple(self._zeros() for _ in range(count))

    @abc.abstractmethod
    def run_layer(self, audio: Tensor, weights: CellWeights, state: State) -> tuple[Tensor, State]:
        """Run one layer from its own state; see ``run_cell``."""

    def run_cell(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the hidden units ``(batch, units, time)`` and the state after the last sample."""
        after: State = ()
        for layer in range(self.config.layers):
            first = layer * self.states_per_layer
            own = state[first : first + self.states_per_layer]
            audio, left = self.run_layer(audio, self.cell_weights(layer), own)
            after += left
        return audio, after

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        return self.play(audio, self.settled())[0]

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return RecurrentStream(self)

    def play(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """Play ``(batch, channels_in, time)`` from a state, and return the state that it leaves."""
        hidden, state = self.run_cell(audio, state)
        return with_dry(self.mix_down(hidden), audio, self.dry_gain), state

    @torch.no_grad()
    def settled(self) -> State:
        """Return the state that silence leads to; no gradient reaches the weights through it."""
        state = self.start()
        silence = state[0].new_zeros((1, self.channels_in, SILENCE_SAMPLES))
        for _ in range(MOST_SILENCES):
            before = state
            _, state = self.run_cell(silence, before)
            if all(_stands_still(*each) for each in zip(before, state, strict=True)):
                break
        return state

    def cell_weights(self, layer: int) -> CellWeights:
        """Return a layer's weights as the engine takes them."""
        return CellWeights(*self.cell.all_weights[layer])

    def _zeros(self) -> Tensor:
        return self.mix_down.weight.new_zeros((1, self.config.units))


class Lstm(Recurrent):
    """Long short-term memory; the state is what the units show and what they hold."""

    states_per_layer = 2

    def __init__(self, config: RecurrentConfig):
        super().__init__(config)
        self.cell = nn.LSTM(config.channels_in, config.units, config.layers)

    def run_layer(self, audio: Tensor, weights: CellWeights, state: State) -> tuple[Tensor, State]:
        """See Recurrent."""
        hidden, cell = lstm(audio, weights, *state)
        return hidden, (hidden[..., -1], cell)


class Gru(Recurrent):
    """Gated recurrent units; the state is what they show."""

    states_per_layer = 1

    def __init__(self, config: RecurrentConfig):
        super().__init__(config)
        self.cell = nn.GRU(config.channels_in, config.units, config.layers)

    def run_layer(self, audio: Tensor, weights: CellWeights, state: State) -> tuple[Tensor, State]:
        """See Recurrent."""
        hidden = gru(audio, weights, *state)
        return hidden, (hidden[..., -1],)


def _stands_still(before: Tensor, state: Tensor) -> bool:
    return float((state - before).abs().max()) < STANDS_STILL * (1.0 + float(state.abs().max()))


class RecurrentStream(BlockStream):
    """Block-wise playing: the cell's state is carried on."""

    def __init__(self, block: Recurrent):
        self.block, self.state = block, block.settled()

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        if audio.shape[-1] == 0:
            return audio.new_zeros((audio.shape[0], self.block.channels_out, 0))
        wet, self.state = self.block.play(audio, self.state)
        return wet
