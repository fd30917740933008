"""Writing sound files: 24-bit WAV unless asked otherwise, whole or not at all, never clipped.

What would pass full scale is never clipped silently: a WAV of integers becomes 32-bit float from
its first sample on, and says so in its notes. FLAC has no float, and to scale the sound or to
change its name behind the caller's back would break what belongs together (a dry and a wet file,
a folder of same names), so there it is refused, with the peak and the way out.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import soundfile

from wetprint.audio.wav import WavFile, to_integers
from wetprint.errors import AudioFileError, OutputError, nearest_names
from wetprint.outputs import replacing

ENCODINGS = ("pcm16", "pcm24", "float32")
_BLOCK_SAMPLES = 65536
_MOST_FLAC_CHANNELS = 8
_HIGHEST_FLAC_RATE = 655_350


def write(
    path: str | os.PathLike[str], audio: np.ndarray, sample_rate: int, encoding: str = "pcm24"
) -> list[str]:
    """Write a whole sound.

    Args:
        path: its suffix decides the format, ``.wav`` or ``.flac``.
        audio: ``(channel, time)``, full scale at 1.0.
        sample_rate: in Hz.
        encoding: ``"pcm16"``, ``"pcm24"`` or ``"float32"`` (WAV only); no dither is added.

    Returns:
        Notes for the user, such as "peaks reach +2.1 dBFS; written as 32-bit float so that
        nothing clips"; mostly empty.

    Raises:
        AudioFileError: unknown suffix or encoding, no sound, NaN or infinity, over full scale
            in a FLAC file.
        OutputError: the place cannot be written to, or the disk is full.
    """
    if audio.ndim != 2:
        raise ValueError(f"expected audio of shape (channel, time), got {audio.shape}")
    with AudioWriter(path, sample_rate, audio.shape[0], encoding) as writer:
        peak = float(np.abs(audio).max(initial=0))
        if np.isfinite(peak):
            writer.expect_peak(peak)  # spares the conversion midway
        for start in range(0, audio.shape[1], _BLOCK_SAMPLES):
            writer.write(audio[:, start : start + _BLOCK_SAMPLES])
    return writer.notes


class AudioWriter:
    """A sound file of any length, written in constant memory; use it in a ``with`` statement.

    The file appears under its name when the block ends well; after an error, also an interrupt,
    nothing is left. Beyond 4 GiB a WAV becomes RF64. At the first block over full scale a WAV of
    integers is converted to 32-bit float, block by block, and goes on so; FLAC is refused (why:
    see the head of this file).

    Attributes:
        notes: sentences for the user, complete after the ``with`` block.

    Raises:
        AudioFileError, OutputError: as :func:`write`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        sample_rate: int,
        channels: int,
        encoding: str = "pcm24",
    ) -> None:
        self.path = Path(path)
        self.notes: list[str] = []
        self._sample_rate, self._channels, self._encoding = int(sample_rate), channels, encoding
        self._is_flac = self.path.suffix.lower() == ".flac"
        self._wanted_encoding = encoding
        self._frames, self._peak = 0, 0.0
        self._exits = contextlib.ExitStack()
        _check_format(self.path, encoding, channels, self._sample_rate)

    def __enter__(self) -> AudioWriter:
        with contextlib.ExitStack() as opening:
            self._scratch = opening.enter_context(replacing(self.path))
            with self._explaining_a_full_disk():
                self._file = self._open(self._scratch)
            self._exits = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            with contextlib.suppress(OSError, soundfile.LibsndfileError):
                self._file.close()
            self._exits.__exit__(kind, error, trace)
            return
        with self._exits:
            with self._explaining_a_full_disk():
                self._file.close()
            if self._frames == 0:
                raise AudioFileError(f"there is no sound to write to {self.path} (zero length)")
            self._check_length()
        if self._encoding != self._wanted_encoding:
            self.notes.append(
                f"{self.path.name}: peaks reach {decibels(self._peak):+.1f} dBFS; "
                "written as 32-bit float so that nothing clips"
            )

    def write(self, block: np.ndarray) -> None:
        """Append a block ``(channel, time)`` of any length."""
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ValueError(f"expected ({self._channels}, time), got {block.shape}")
        if block.shape[1] == 0:
            return
        peak = float(np.abs(block).max())
        if not np.isfinite(peak):
            bad = int(np.flatnonzero(~np.isfinite(block).all(axis=0))[0]) + self._frames
            raise AudioFileError(
                f"the sound for {self.path} holds NaN or infinity at "
                f"{bad / self._sample_rate:.3f} s; it was not written"
            )
        self.expect_peak(peak)
        with self._explaining_a_full_disk():
            self._append(np.ascontiguousarray(block.T, np.float32))  # (time, channel)
        self._frames += block.shape[1]

    def expect_peak(self, peak: float) -> None:
        """Make room for samples as large as ``peak``: beyond 1.0 that needs 32-bit float.

        Raises:
            AudioFileError: the file is FLAC.
        """
        self._peak = max(self._peak, peak)
        if not peak > 1 or self._encoding == "float32":
            return
        if self._is_flac:
            raise AudioFileError(
                f"cannot write {self.path}: the sound reaches {decibels(peak):+.1f} dBFS, "
                "which FLAC cannot hold; write a .wav (it becomes 32-bit float) or lower it"
            )
        self._encoding = "float32"
        with self._explaining_a_full_disk():
            self._convert_to_float()

    def _convert_to_float(self) -> None:
        self._file.close()
        integers = self._scratch.with_suffix(".integers.wav")
        self._exits.callback(integers.unlink, missing_ok=True)
        if self._frames:
            self._scratch.replace(integers)
        self._file = self._open(self._scratch)
        if self._frames:
            for frames in soundfile.blocks(
                integers, _BLOCK_SAMPLES, dtype="float32", always_2d=True
            ):
                self._append(frames)
            integers.unlink()

    def _open(self, path: Path) -> WavFile | soundfile.SoundFile:
        if not self._is_flac:
            return WavFile(path, self._sample_rate, self._channels, self._encoding)
        subtype = {"pcm16": "PCM_16", "pcm24": "PCM_24"}[self._encoding]
        return soundfile.SoundFile(path, "w", self._sample_rate, self._channels, subtype)

    def _append(self, frames: np.ndarray) -> None:
        if isinstance(self._file, WavFile):
            self._file.write(frames)
        else:
            bits = 16 if self._encoding == "pcm16" else 24
            self._file.write(np.ascontiguousarray(to_integers(frames, bits) << (32 - bits)))

    def _check_length(self) -> None:
        """Look at what lies on the disk: libsndfile finishes a FLAC file without a word."""
        with self._explaining_a_full_disk(), soundfile.SoundFile(self._scratch) as written:
            found = written.frames
            written.seek(self._frames - 1)
            if found != self._frames or len(written.read(1)) != 1:
                raise OSError(errno.EFBIG, f"{self._frames} frames written, {found} arrived")

    @contextlib.contextmanager
    def _explaining_a_full_disk(self) -> Iterator[None]:
        """Give libsndfile's "System error", and a limit on file size, their likely name."""
        try:
            yield
        except (soundfile.LibsndfileError, OSError) as error:
            if isinstance(error, OSError) and error.errno != errno.EFBIG:
                raise  # outputs.replacing knows the others
            raise OutputError(
                f"cannot write {self.path}: the disk is full (or allows no file this long); "
                "free some space and run it again"
            ) from error


def decibels(amplitude: float) -> float:
    """Give an amplitude's level in dB re 1.0; -inf for silence.

    >>> decibels(10.0)
    20.0
    """
    return float(20 * np.log10(amplitude)) if amplitude > 0 else float("-inf")


def _check_format(path: Path, encoding: str, channels: int, sample_rate: int) -> None:
    if path.suffix.lower() not in (".wav", ".flac"):
        raise AudioFileError(
            f"expected a name that ends in .wav or .flac, got {path}; change the name"
        )
    if encoding not in ENCODINGS:
        raise AudioFileError(f"unknown encoding '{encoding}'{nearest_names(encoding, ENCODINGS)}")
    if path.suffix.lower() == ".wav":
        return
    if encoding == "float32":
        raise AudioFileError(f"cannot write {path}: FLAC holds no float; use pcm24, or a .wav")
    if channels > _MOST_FLAC_CHANNELS:
        raise AudioFileError(f"cannot write {path}: FLAC holds at most 8 channels, not {channels}")
    if not 0 < sample_rate <= _HIGHEST_FLAC_RATE:
        raise AudioFileError(
            f"cannot write {path}: FLAC holds up to {_HIGHEST_FLAC_RATE} Hz, not {sample_rate}"
        )
