"""Reading sound files: WAV of any depth, RF64, FLAC, OGG, MP3, AIFF; whole or in blocks.

libsndfile decodes. What it lets pass is refused here, each with one sentence: a file that is cut
short (see containers.py), one without a single sample, and NaN or infinity inside.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from wetprint.audio.containers import check_complete
from wetprint.audio.resampling import resample
from wetprint.errors import AudioFileError

_ENCODINGS = {
    "PCM_U8": "pcm8",
    "PCM_S8": "pcm8",
    "PCM_16": "pcm16",
    "PCM_24": "pcm24",
    "PCM_32": "pcm32",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "MPEG_LAYER_III": "mp3",
}
_LONGEST_SAMPLES = 1 << 48
"""Above it a length is libsndfile's way of saying that the header gives none."""
_BLOCK_SAMPLES = 65536


@dataclass(frozen=True)
class AudioInfo:
    """What a sound file's header says.

    Attributes:
        encoding: ``"pcm8"`` to ``"pcm32"``, ``"float32"``, ``"float64"``, ``"mp3"``, or
            libsndfile's name in lower case (``"vorbis"``).
    """

    path: Path
    sample_rate: int
    channels: int
    frames: int
    encoding: str

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.frames / self.sample_rate


def info(path: str | os.PathLike[str]) -> AudioInfo:
    """Read what a sound file is, not the sound itself.

    Raises:
        AudioFileError: as :class:`AudioReader`, except that NaN is not looked for.
    """
    with AudioReader(path) as reader:
        reader.check_end()
        return reader.info


def read(path: str | os.PathLike[str], sample_rate: int | None = None) -> tuple[np.ndarray, int]:
    """Read a whole sound file.

    Args:
        path: any format that libsndfile decodes.
        sample_rate: wanted rate in Hz; the file's own when None.

    Returns:
        The sound, ``(channel, time)`` float32, full scale at 1.0, and its sample rate.

    Raises:
        AudioFileError: as :class:`AudioReader`.
    """
    with AudioReader(path) as reader:
        audio = np.empty((reader.info.channels, reader.info.frames), np.float32)
        position = 0
        for block in reader.blocks():
            audio[:, position : position + block.shape[1]] = block
            position += block.shape[1]
    if sample_rate is None or sample_rate == reader.info.sample_rate:
        return audio, reader.info.sample_rate
    return resample(audio, reader.info.sample_rate, sample_rate), sample_rate


class AudioReader:
    """A sound file of any length, read in constant memory.

    >>> with AudioReader("long.wav") as reader:          # doctest: +SKIP
    ...     for block in reader.blocks(65536):           # (channel, up to 65536) float32
    ...         ...

    Raises:
        AudioFileError: no such file, a folder, not readable, not sound, zero length, truncated,
            or (while reading) damaged, NaN or infinity inside.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.info = _look_into(self.path)

    def __enter__(self) -> AudioReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing stays open between the blocks' own loops."""

    def blocks(self, frames: int = _BLOCK_SAMPLES) -> Iterator[np.ndarray]:
        """Give the sound from its beginning, block by block.

        Args:
            frames: samples per channel in a block; the last block may be shorter.

        Yields:
            ``(channel, time)`` float32, a new array each time.

        Raises:
            AudioFileError: the sound ends early, cannot be decoded, or holds NaN or infinity.
        """
        position = 0
        with _Stream(self.path) as stream:
            while position < self.info.frames:
                block = self._decode(stream, min(frames, self.info.frames - position), position)
                yield block
                position += block.shape[1]

    def check_end(self) -> None:
        """Decode the last sample, which a file that was cut short does not have.

        Raises:
            AudioFileError: it is not there.
        """
        last = self.info.frames - 1
        with self._explaining_damage(), soundfile.SoundFile(self.path) as file:
            file.seek(last)
            self._decode(file, 1, last)

    def _decode(self, file: soundfile.SoundFile, frames: int, position: int) -> np.ndarray:
        with self._explaining_damage():
            block = file.read(frames, dtype="float32", always_2d=True)  # (time, channel)
        if len(block) < frames:
            raise self._ends_early()
        _check_finite(block, self.path, position, self.info.sample_rate)
        return np.ascontiguousarray(block.T)

    @contextlib.contextmanager
    def _explaining_damage(self) -> Iterator[None]:
        try:
            yield
        except soundfile.LibsndfileError as error:
            raise self._ends_early() from error

    def _ends_early(self) -> AudioFileError:
        return AudioFileError(
            f"{self.path} is truncated or damaged: its header promises {self.info.seconds:.2f} s "
            "of sound, which end early or cannot be decoded; copy or render it again"
        )


class _Stream(soundfile.SoundFile):
    """A file that is only ever read onwards.

    After every read `soundfile` seeks to where it already is. That makes an MP3 decoder lose the
    bits it saved from the frames before: every block would begin with a glitch.
    """

    def seekable(self) -> bool:
        return False


def _look_into(path: Path) -> AudioInfo:
    """Read the header of a file that holds sound."""
    if not path.exists():
        raise AudioFileError(f"no such file: {path}")
    if path.is_dir():
        raise AudioFileError(f"expected a sound file, but {path} is a folder; name a file in it")
    try:
        counted = check_complete(path)
        with soundfile.SoundFile(path) as file:
            frames = file.frames if counted is None else min(counted, file.frames)
            subtype = file.subtype or "unknown"
            encoding = _ENCODINGS.get(subtype, subtype.lower())
            found = AudioInfo(path, file.samplerate, file.channels, frames, encoding)
    except OSError as error:
        raise AudioFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (soundfile.LibsndfileError, TypeError) as error:
        raise AudioFileError(
            f"expected a sound file (WAV, FLAC, OGG, MP3, AIFF), but {path} cannot be read as one"
        ) from error
    if found.frames == 0:
        raise AudioFileError(f"{path} holds no sound (zero length)")
    if found.frames > _LONGEST_SAMPLES:
        raise AudioFileError(
            f"{path} does not say how long it is (it was written into a pipe); "
            f"write it again, for instance with: sox {path.name} again.wav"
        )
    return found


def _check_finite(block: np.ndarray, path: Path, position: int, sample_rate: int) -> None:
    """Refuse NaN and infinity. Summing first is several times faster than looking at each."""
    if np.isfinite(np.sum(block, dtype=np.float64)):
        return
    bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
    raise AudioFileError(
        f"{path} holds NaN or infinity, first at sample {position + bad[0]} "
        f"({(position + bad[0]) / sample_rate:.3f} s); render or record it again"
    )
