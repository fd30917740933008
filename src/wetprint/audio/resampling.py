"""Changing the sample rate with soxr at its very high quality, whole or in a stream.

Both ways are linear phase without latency: sample n of the result is the sound at n / to_rate.
The passband reaches 0.913 of the lower Nyquist frequency, the stopband lies beyond -170 dB
(libsoxr, SOXR_VHQ), float32 rounding aside.
"""

from __future__ import annotations

import numpy as np
import soxr

_QUALITY = "VHQ"


def resample(audio: np.ndarray, from_rate: float, to_rate: float) -> np.ndarray:
    """Bring a whole sound to another sample rate.

    Args:
        audio: ``(channel, time)``.
        from_rate: rate of ``audio`` in Hz.
        to_rate: wanted rate in Hz.

    Returns:
        ``(channel, round(time * to_rate / from_rate))`` float32; a copy when the rates agree.
    """
    if from_rate == to_rate:
        return np.array(audio, np.float32)
    interleaved = np.ascontiguousarray(audio.T, np.float32)  # (time, channel)
    return np.ascontiguousarray(soxr.resample(interleaved, from_rate, to_rate, _QUALITY).T)


class StreamResampler:
    """The same, fed block by block: the blocks it returns, joined, equal :func:`resample`.

    >>> stream = StreamResampler(48000, 44100, channels=1)
    >>> first = stream.process(np.zeros((1, 4096)))
    >>> rest = stream.process(np.zeros((1, 704)), last=True)
    >>> first.shape[1] + rest.shape[1]                       # 4800 samples, 0.1 s
    4410
    """

    def __init__(self, from_rate: float, to_rate: float, channels: int) -> None:
        self._channels = channels
        self._stream = None
        if from_rate != to_rate:
            self._stream = soxr.ResampleStream(
                from_rate, to_rate, channels, dtype="float32", quality=_QUALITY
            )

    def process(self, block: np.ndarray, last: bool = False) -> np.ndarray:
        """Take the next block and give what can be computed so far.

        Args:
            block: ``(channel, time)`` of any length, also empty.
            last: no more will come; the rest is given back.

        Returns:
            ``(channel, time)`` float32; often shorter or longer than the block, or empty.
        """
        if block.shape[0] != self._channels:
            raise ValueError(f"expected {self._channels} channels, got {block.shape[0]}")
        if self._stream is None:
            return np.array(block, np.float32)
        interleaved = np.ascontiguousarray(block.T, np.float32)  # (time, channel)
        return np.ascontiguousarray(self._stream.resample_chunk(interleaved, last=last).T)
