"""The WAV file that we write: plain, of any length, and honest about a full disk.

libsndfile would write it too, but three things speak for these lines: files beyond 4 GiB need
RF64 (EBU Tech 3306), which it can turn back into WAV only as WAVE_FORMAT_EXTENSIBLE, which
Python's own `wave` and many trainers refuse; it reports a full disk as "System error"; and its
float to integer conversion would have to be guarded here anyway. So the header keeps room for
the long sizes (a JUNK chunk, as broadcast recorders do) and becomes RF64 only when needed.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_FORMATS = {"pcm16": (1, 16), "pcm24": (1, 24), "float32": (3, 32)}
_LONGEST_RIFF = 0xFFFFFFFF


class WavFile:
    """Writes interleaved samples; the header is completed by :meth:`close`."""

    def __init__(
        self,
        path: Path,
        sample_rate: int,
        channels: int,
        encoding: str,
        longest_riff: int = _LONGEST_RIFF,
    ) -> None:
        self._sample_rate, self._channels, self._encoding = sample_rate, channels, encoding
        self._longest_riff = longest_riff
        self._data_bytes = 0
        self._file = path.open("wb")
        self._file.write(self._header())

    def write(self, frames: np.ndarray) -> None:
        """Append ``(time, channel)`` float32, which must lie in -1..1 for the integer formats."""
        data = _encode(frames, self._encoding)
        self._data_bytes += len(data)
        self._file.write(data)

    def close(self) -> None:
        """Complete the header."""
        try:
            if self._data_bytes & 1:
                self._file.write(b"\0")
            self._file.seek(0)
            self._file.write(self._header())
        finally:
            self._file.close()

    def _header(self) -> bytes:
        tag, bits = _FORMATS[self._encoding]
        frame_bytes = self._channels * bits // 8
        samples = self._data_bytes // frame_bytes
        layout = struct.pack(
            "<4sIHHIIHH",
            *(b"fmt ", 16, tag, self._channels, self._sample_rate),
            *(self._sample_rate * frame_bytes, frame_bytes, bits),
        )
        if tag == 3:  # a format other than PCM must say its length in samples
            layout += struct.pack("<4sII", b"fact", 4, min(samples, 0xFFFFFFFF))
        riff_bytes = 4 + 36 + len(layout) + 8 + self._data_bytes + (self._data_bytes & 1)
        if riff_bytes <= self._longest_riff:
            start = struct.pack("<4sI4s4sI28x", b"RIFF", riff_bytes, b"WAVE", b"JUNK", 28)
            return start + layout + struct.pack("<4sI", b"data", self._data_bytes)
        start = struct.pack(
            "<4sI4s4sIQQQI",
            *(b"RF64", 0xFFFFFFFF, b"WAVE", b"ds64", 28),
            *(riff_bytes, self._data_bytes, samples, 0),
        )
        return start + layout + struct.pack("<4sI", b"data", 0xFFFFFFFF)


def _encode(frames: np.ndarray, encoding: str) -> bytes:
    if encoding == "float32":
        return frames.astype("<f4").tobytes()
    integers = to_integers(frames, 16 if encoding == "pcm16" else 24)
    if encoding == "pcm16":
        return integers.astype("<i2").tobytes()
    return integers.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def to_integers(frames: np.ndarray, bits: int) -> np.ndarray:
    """Round to the nearest step; 1.0 itself, one step too high, becomes the highest."""
    steps = 1 << (bits - 1)
    scaled = np.rint(np.ascontiguousarray(frames, np.float64) * steps).astype(np.int32)
    return np.clip(scaled, -steps, steps - 1)
