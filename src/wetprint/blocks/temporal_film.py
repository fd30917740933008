"""Feature-wise modulation: a scale and a shift for each channel of a network, which move with time.

Temporal FiLM (Birnbaum et al. 2019, arXiv:1909.06628; for audio effects Comunità et al. 2023,
arXiv:2211.00497): in every block of so many samples the maximum of each channel is taken, an LSTM
hears the maxima block after block, and what its units show scales and shifts the channels. So a
network of short memory follows what lasts for seconds, such as a compressor's gain. FiLM itself
(Perez et al. 2018, arXiv:1709.07871) has no memory: its scale and shift follow from where knobs
stand. Left out: knobs.

Where we deviate: a block is modulated by what the blocks before it were, not by itself, so that
playing need not wait for its end; and scales lie around one instead of zero, so that the untrained
modulation does little.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from wetprint.engine.recurrent import CellWeights, lstm

SETTLING_BLOCKS = 32
"""A constant is heard in stretches of so many blocks until the units stand still."""

MOST_STRETCHES = 64

STANDS_STILL = 1e-6


@dataclass(frozen=True)
class FilmState:
    """What is known when a sound goes on.

    Attributes:
        unfinished: ``(batch, width, time)``, what was heard of the present block.
        hidden: ``(batch, 2 width)``, what the units show in it: scales less one, then shifts.
        cell: ``(batch, 2 width)``, what they hold.
    """

    unfinished: Tensor
    hidden: Tensor
    cell: Tensor


class TemporalFilm(nn.Module):
    """Modulate ``width`` channels; blocks begin at multiples of their length in absolute time."""

    def __init__(self, width: int, block_samples: int):
        super().__init__()
        self.block_samples = block_samples
        self.cell = nn.LSTM(width, 2 * width)

    def forward(self, audio: Tensor, state: FilmState) -> tuple[Tensor, FilmState]:
        """Modulate ``(batch, width, time)`` from a state, and return the state that it leaves."""
        block, time = self.block_samples, audio.shape[-1]
        begun = state.unfinished.shape[-1]
        heard = torch.cat([state.unfinished.expand(len(audio), -1, -1), audio], -1)
        finished = heard.shape[-1] // block
        hidden = state.hidden.expand(len(audio), -1)[..., None]  # (batch, 2 width, 1)
        cell = state.cell.expand(len(audio), -1)
        if finished:
            most = functional.max_pool1d(heard[..., : finished * block], block)
            shown, cell = lstm(most, self._weights(), hidden[..., 0], cell)
            hidden = torch.cat([hidden, shown], -1)  # (batch, 2 width, 1 + finished)
        moves = hidden.repeat_interleave(block, -1)[..., begun : begun + time]
        left = FilmState(heard[..., finished * block :], hidden[..., -1], cell)
        return modulated(audio, moves), left

    def rest(self, constant: Tensor, start_sample: int) -> FilmState:
        """Return the state that a constant leaves when a sound begins at an absolute time.

        Args:
            constant: ``(1, width, 1)``.
            start_sample: of the sound.
        """
        with torch.no_grad():
            hidden, cell = self._settled(constant)
        hidden, cell = self._heard(constant, hidden, cell)  # so that a gradient comes through
        begun = start_sample % self.block_samples
        return FilmState(constant.expand(-1, -1, begun), hidden, cell)

    def _settled(self, constant: Tensor) -> tuple[Tensor, Tensor]:
        width = self.cell.hidden_size
        hidden, cell = (constant.new_zeros((1, width)) for _ in range(2))
        for _ in range(MOST_STRETCHES):
            before = hidden
            hidden, cell = self._heard(constant, hidden, cell)
            if float((hidden - before).abs().max()) < STANDS_STILL:
                break
        return hidden, cell

    def _heard(self, constant: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        stretch = constant.expand(-1, -1, SETTLING_BLOCKS).contiguous()
        shown, cell = lstm(stretch, self._weights(), hidden, cell)
        return shown[..., -1], cell

    def _weights(self) -> CellWeights:
        return CellWeights(*self.cell.all_weights[0])


def modulated(audio: Tensor, moves: Tensor) -> Tensor:
    """Scale and shift ``(batch, width, time)`` by what ``(batch, 2 width, time)`` says."""
    scale, shift = moves.chunk(2, dim=1)
    return audio * (1.0 + scale) + shift
