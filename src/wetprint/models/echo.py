"""An echo: what is recorded on a line plays again later, and some of it is recorded again.

With the delay ``D``, the line ``w`` and what is heard ``y``::

    y[n] = playback(w[n - D])
    w[n] = audio[n] + feedback(y)[n]

Playback and feedback are chains: a filter in playback colours what is heard, one in feedback every
further echo, a curve is a tape that saturates. Several heads are parallel delays in playback, and a
delay between two samples is a filter in it. Two channels on the line may be two different things,
such as the sound before and behind a stage that only the first echo passes. Feedback delay lines:
Schroeder 1962; Zölzer 2011, DAFX, section 2.5; a tape's stages in a loop: Arnardottir, Abel and
Smith 2008, "A Digital Model of the Echoplex Tape Delay" (AES 125).

The line is limited, so that no loop runs away, whatever it is made of and whatever is played.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from wetprint.blocks.block import Block, BlockStream, RecursiveBlock
from wetprint.blocks.checks import LONGEST_MEMORY_SAMPLES, whole_number
from wetprint.blocks.dry import latest
from wetprint.models.chain import Chain

SHORTEST_DELAY_SAMPLES = 64
"""What the engine plays at a time: a whole piece comes off the line before any of it goes on."""

LIMIT = 16.0
"""The line's largest amplitude, 24 dB above full scale; an echo that is dying never gets there."""

ECHOES_HEARD = 4
"""What ``valid`` drops: after so many echoes there is little left of what came before."""


@dataclass(frozen=True)
class EchoConfig:
    """How long the line is, in samples."""

    delay_samples: int

    def __post_init__(self) -> None:
        whole_number(
            "delay_samples", self.delay_samples, SHORTEST_DELAY_SAMPLES, LONGEST_MEMORY_SAMPLES
        )


class Echo(RecursiveBlock):
    """A delay line that is heard through one chain and fed back through another.

    ``forward`` is exact and has gradients to both chains: it advances by one delay at a time.

    Args:
        config: the line.
        playback: from the line's channels to those that are heard.
        feedback: from what is heard back to the line.

    Raises:
        ValueError: chains whose channels do not fit, or that make sound of silence.
    """

    def __init__(self, config: EchoConfig, playback: Chain, feedback: Chain):
        super().__init__()
        if (playback.channels_in, playback.channels_out) != (
            feedback.channels_out,
            feedback.channels_in,
        ):
            raise ValueError(
                f"feedback must lead from what playback returns, {playback.channels_out} channels, "
                f"to what it takes, {playback.channels_in}; got {feedback.channels_in} to "
                f"{feedback.channels_out}"
            )
        for block in (*playback.modules(), *feedback.modules()):
            if isinstance(block, Block) and not block.keeps_silence:
                raise ValueError(
                    f"a loop is made of blocks that keep silence silent; {type(block).__name__} "
                    "does not"
                )
        self.config = config
        self.playback, self.feedback = playback, feedback
        self.channels_in, self.channels_out = playback.channels_in, playback.channels_out
        once = playback.context_samples + feedback.context_samples
        self.context_samples = ECHOES_HEARD * config.delay_samples + once

    def forward(self, audio: Tensor, start_sample: int = 0) -> Tensor:
        """See Block."""
        delay, time = self.config.delay_samples, audio.shape[-1]
        line = audio.new_zeros((*audio.shape[:2], delay))  # the tape before time zero
        heard = audio.new_zeros((audio.shape[0], self.channels_out, 0))
        for start in range(0, time, delay):
            fresh = audio[..., start : start + delay]
            count = fresh.shape[-1]
            arrived = line[..., : start + count]
            heard = torch.cat([heard, _newest(self.playback, arrived, count)], -1)
            back = _newest(self.feedback, heard, count)
            line = torch.cat([line, limited(fresh + back)], -1)
        return heard

    def stream(self, batch: int = 1, start_sample: int = 0) -> BlockStream:
        """See Block."""
        return EchoStream(self, batch, start_sample)


class EchoStream(BlockStream):
    """Block-wise playing: the line's last samples, and both chains' states."""

    def __init__(self, block: Echo, batch: int, start_sample: int):
        self.playback = block.playback.stream(batch, start_sample)
        self.feedback = block.feedback.stream(batch, start_sample)
        reference = next(block.parameters(), torch.zeros(()))
        shape = (batch, block.channels_in, block.config.delay_samples)
        self.line = torch.zeros(shape).to(reference)
        self.channels_out = block.channels_out

    def process(self, audio: Tensor) -> Tensor:
        """See BlockStream."""
        delay = self.line.shape[-1]
        heard = [audio.new_zeros((audio.shape[0], self.channels_out, 0))]
        for fresh in audio.split(delay, -1):
            heard.append(self.playback.process(self.line[..., : fresh.shape[-1]]))
            back = self.feedback.process(heard[-1])
            self.line = latest(torch.cat([self.line, limited(fresh + back)], -1), delay)
        return torch.cat(heard, -1)


def limited(audio: Tensor) -> Tensor:
    """Return what the line takes: what is not finite is silence, what is too loud is cut off."""
    return torch.nan_to_num(audio, nan=0.0).clamp(-LIMIT, LIMIT)


def _newest(chain: Chain, audio: Tensor, count: int) -> Tensor:
    """Return the last ``count`` samples of what a chain makes of audio that silence precedes."""
    if chain.receptive_field_samples == float("inf"):
        return latest(chain(audio), count)
    needed = count + chain.context_samples
    heard = latest(audio, min(needed, audio.shape[-1]))
    return chain.valid(functional.pad(heard, (needed - heard.shape[-1], 0)))
