"""The one door to sound files: read anything, write 24-bit or float, resample, stream in blocks."""

from wetprint.audio.reading import AudioInfo, AudioReader, info, read
from wetprint.audio.resampling import StreamResampler, resample
from wetprint.audio.writing import AudioWriter, decibels, write

__all__ = [
    "AudioInfo",
    "AudioReader",
    "AudioWriter",
    "StreamResampler",
    "decibels",
    "info",
    "read",
    "resample",
    "write",
]
