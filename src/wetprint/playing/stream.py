"""Playing whole sounds through a model, block by block, so that they come out in time."""

from __future__ import annotations

import numpy as np

from wetprint.models.model import Model
from wetprint.models.stream import ModelStream


class InTimeStream:
    """Plays a whole sound block by block so that it comes out in time.

    What the model looks ahead is left out at the start, and asked for at the end.

    Args:
        model: what to play.
        channels: channels of the audio, 1 or 2.
        start_sample: absolute time of the first sample.
    """

    def __init__(self, model: Model, channels: int = 1, start_sample: int = 0):
        self.stream = ModelStream(model, channels, start_sample)
        self.early_samples = self.stream.lookahead_samples

    def process(self, audio: np.ndarray) -> np.ndarray:
        """Play a block: as many samples, but for those that are left out at the start."""
        wet = self.stream.process(audio)
        left_out = min(self.early_samples, wet.shape[1])
        self.early_samples -= left_out
        return wet[:, left_out:]

    def finish(self) -> np.ndarray:
        """Return what is still missing after the last block."""
        missing = self.stream.lookahead_samples
        return self.process(np.zeros((self.stream.channels_in, missing), np.float32))


def play(
    model: Model, audio: np.ndarray, block_samples: int = 1 << 16, start_sample: int = 0
) -> np.ndarray:
    """Play audio of the model's own sample rate, whole.

    Args:
        model: what to play.
        audio: ``(channel, time)`` float32 at ``model.sample_rate``.
        block_samples: how much is played at a time; the result does not depend on it.
        start_sample: absolute time of the first sample, by which what moves in the model moves.

    Returns:
        ``(channel, time)`` float32.
    """
    stream = InTimeStream(model, audio.shape[0], start_sample)
    starts = range(0, audio.shape[1], block_samples)
    blocks = [stream.process(audio[:, each : each + block_samples]) for each in starts]
    return np.concatenate([*blocks, stream.finish()], axis=1)
