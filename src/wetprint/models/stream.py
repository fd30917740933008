"""Playing a model block by block, whatever the channels of the audio."""

from __future__ import annotations

import numpy as np
import torch

from wetprint.models.model import Model
from wetprint.models.playing import engine_players


class ModelStream:
    """Plays the next samples of a model, its state carried from block to block.

    A model of one channel plays each side of stereo audio alone; a model of two channels hears
    mono audio on both sides.

    Args:
        model: what to play.
        channels: channels of the audio, 1 or 2.
        start_sample: absolute time of the first sample.

    Attributes:
        lookahead_samples: how late it plays, because the model must hear what comes first; a host
            makes up for it, and ``InTimeStream`` leaves it out.
        played_by: "engine", or "torch" where the engine is absent, is switched off, or does not
            know a block; both play the same.

    >>> from wetprint.blocks.gain import Gain, GainConfig
    >>> from wetprint.models.chain import Chain
    >>> stream = ModelStream(Model(Chain([Gain(GainConfig())]), sample_rate=48000), channels=2)
    >>> stream.process(np.ones((2, 3), np.float32)).shape
    (2, 3)
    """

    def __init__(self, model: Model, channels: int = 1, start_sample: int = 0):
        if channels not in (1, 2):
            raise ValueError(f"channels must be 1 or 2, got {channels}")
        self.channels_in = channels
        self.lookahead_samples = model.lookahead_samples
        self.each_side_alone = model.channels_in == 1 and channels == 2
        self.both_sides_alike = model.channels_in == 2 and channels == 1
        self.channels_out = 2 if self.each_side_alone else model.channels_out
        self.own_sides = self.each_side_alone and model.channels_out == 2
        players = 2 if self.each_side_alone else 1
        self._players = engine_players(model.chain, players, start_sample)
        self.played_by = "engine" if self._players else "torch"
        if not self._players:
            with torch.inference_mode():
                self._stream = model.chain.stream(players, start_sample)

    def process(self, audio: np.ndarray) -> np.ndarray:
        """Play a block.

        Args:
            audio: ``(channels, time)`` float32, any time >= 0.

        Returns:
            ``(channels_out, time)`` float32.
        """
        if audio.shape[0] != self.channels_in:
            raise ValueError(f"expected {self.channels_in} channels, got {audio.shape[0]}")
        dry = np.ascontiguousarray(audio, np.float32)
        if self.both_sides_alike:
            dry = np.repeat(dry, 2, axis=0)
        dry = dry[:, None] if self.each_side_alone else dry[None]  # (player, channel, time)
        wet = self._engine(dry) if self._players else self._twin(dry)
        if self.own_sides:  # a mono-to-stereo effect fed in stereo: left from left, right ...
            return np.stack([wet[0][0], wet[1][1]])
        return np.concatenate(wet) if self.each_side_alone else wet[0]

    def _engine(self, dry: np.ndarray) -> list[np.ndarray]:
        return [player.process(each) for player, each in zip(self._players, dry, strict=True)]

    def _twin(self, dry: np.ndarray) -> list[np.ndarray]:
        with torch.inference_mode():
            return list(self._stream.process(torch.from_numpy(dry)).numpy())
