"""Applying a model to a file of any length, in constant memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wetprint.audio import AudioReader, AudioWriter, StreamResampler
from wetprint.errors import AudioFileError, OutputError
from wetprint.models.model import Model
from wetprint.playing.stream import InTimeStream
from wetprint.progress import Progress, silent

BLOCK_SAMPLES = 1 << 16


def apply_file(
    model: Model,
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    encoding: str = "pcm24",
    progress: Progress = silent,
    start_sample: int = 0,
) -> list[str]:
    """Play a file through a model into a new file of the same sample rate and length.

    Args:
        model: what to play.
        source: any sound file of one or two channels.
        target: the file to write; it appears whole or not at all.
        encoding: see wetprint.audio.write.
        progress: told how far it is.
        start_sample: absolute time of the file's beginning at the model's sample rate, by which
            what moves in the model moves.

    Returns:
        Notes for the user: whether the audio was resampled, whether each side was played alone,
        whether peaks made the file a float one.

    Raises:
        AudioFileError: the source cannot be read, or has more than two channels.
        OutputError: the target cannot be written, or is the source.
    """
    notes = []
    if Path(target).resolve() == Path(source).resolve():
        raise OutputError(f"{target} is the dry file itself; choose another name for the wet one")
    with AudioReader(source) as reader:
        rate, channels = reader.info.sample_rate, reader.info.channels
        if channels > 2:
            raise AudioFileError(
                f"expected a sound of 1 or 2 channels, but {source} has {channels}; "
                "split it into mono or stereo files"
            )
        in_time = InTimeStream(model, channels, start_sample)
        stream = in_time.stream
        if rate != model.sample_rate:
            notes.append(
                f"{reader.info.path} is at {rate} Hz and the model plays at {model.sample_rate} "
                "Hz: resampled there and back"
            )
        if stream.each_side_alone:
            notes.append("the model is mono and the file stereo: each side was played alone")
        with AudioWriter(target, rate, stream.channels_out, encoding) as writer:
            written = 0
            for wet in _played(reader, in_time, rate, model.sample_rate):
                kept = wet[:, : reader.info.frames - written]
                writer.write(kept)
                written += kept.shape[1]
                progress("playing", written / reader.info.frames)
    return notes + list(writer.notes)


def _played(
    reader: AudioReader, stream: InTimeStream, file_rate: int, model_rate: int
) -> Iterator[np.ndarray]:
    """Yield wet blocks; where rates differ at least as many samples as the file has."""
    channels_in, channels_out = stream.stream.channels_in, stream.stream.channels_out
    there = StreamResampler(file_rate, model_rate, channels_in)
    back = StreamResampler(model_rate, file_rate, channels_out)
    for block in reader.blocks(BLOCK_SAMPLES):
        yield back.process(stream.process(there.process(block)))
    if file_rate == model_rate:
        yield stream.finish()
    if file_rate != model_rate:  # rounding may leave the way back a sample short: add silence
        rest = stream.process(there.process(np.zeros((channels_in, 0), "f4"), last=True))
        yield back.process(rest)
        yield back.process(stream.process(np.zeros((channels_in, model_rate // 100), "f4")))
        yield back.process(stream.finish(), last=True)
