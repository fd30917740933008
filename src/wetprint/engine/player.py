"""Playing ``.wetprint`` models with the compiled engine."""

from __future__ import annotations

import numpy as np

from wetprint.engine.presence import is_present


class Player:
    """Plays the next samples of a model, its state carried from block to block.

    It starts as after endless silence, as the PyTorch twin (``Chain.stream``) does.

    Args:
        model: the bytes of a ``.wetprint`` file, from anyone: they are checked before use.
        start_sample: absolute time of the first sample.

    Raises:
        ValueError: the model is damaged, or holds a block that the engine does not know.
        ImportError: the engine is not there.
    """

    def __init__(self, model: bytes, start_sample: int = 0):
        from wetprint import _engine

        self._player = _engine.Player(model)
        self.sample_rate: int = self._player.sample_rate
        self.channels_in: int = self._player.channels_in
        self.channels_out: int = self._player.channels_out
        self.latency_samples: int = self._player.latency_samples
        self.lookahead_samples: int = self._player.lookahead_samples
        if start_sample:
            self.reset(start_sample)

    def reset(self, start_sample: int = 0) -> None:
        """Start again as after endless silence; see the class for ``start_sample``."""
        self._player.reset(start_sample)

    def process(self, audio: np.ndarray) -> np.ndarray:
        """Play a block; samples that are not finite are heard as silence.

        Args:
            audio: ``(channels_in, time)``, any time >= 0.

        Returns:
            ``(channels_out, time)`` float32.

        Raises:
            ValueError: another number of channels.
        """
        if audio.ndim != 2 or audio.shape[0] != self.channels_in:
            raise ValueError(
                f"audio must be of shape ({self.channels_in}, time), got {audio.shape}"
            )
        return self._player.process(np.ascontiguousarray(audio, np.float32))


def playable_blocks() -> frozenset[str]:
    """Return the names of the blocks that the engine plays; none where there is no engine."""
    if not is_present():
        return frozenset()
    from wetprint import _engine

    return frozenset(_engine.block_kinds())
