"""Effects that are programs: sound goes to them and comes back as files in a scratch folder."""

from __future__ import annotations

import os
import shutil
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from wetprint import audio as sound_files
from wetprint.effects.effect import Effect, check_wet, with_lead
from wetprint.effects.hosted import TimeLimits
from wetprint.effects.knob import Knob, read_settings
from wetprint.effects.processes import Ended, TimeLimitError, run_program, scratch_folder
from wetprint.effects.spec import EffectSpec, format_spec
from wetprint.errors import AudioFileError, EffectError
from wetprint.progress import Progress, silent

# A program may swallow this much of the end (its latency, a last incomplete block).
_MISSING_END_S = 0.25


class ProgramEffect(Effect):
    """An effect played by another program, from file to file.

    Subclasses give the arguments; what comes back is brought to the rate and the length of what
    went in. Other files that the program leaves beside its output vanish with the scratch folder.
    """

    _KNOBS: tuple[Knob, ...] = ()
    _encoding = "float32"
    _environment: dict[str, str] | None = None

    def __init__(self, spec: EffectSpec, limits: TimeLimits) -> None:
        self.spec, self._limits = format_spec(spec), limits
        self._settings = read_settings(
            self._KNOBS, spec.settings, f"{spec.scheme}:{spec.identifier}"
        )

    def knobs(self) -> tuple[Knob, ...]:
        """List the knobs of the host itself; the program's own are in its arguments."""
        return self._KNOBS

    @abstractmethod
    def _arguments(self, dry: Path, wet: Path, sample_rate: int, channels: int) -> list[str]:
        """Give the program and its arguments for one file."""

    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        with scratch_folder() as folder:
            dry, wet = folder / "dry.wav", folder / "out" / "wet.wav"
            wet.parent.mkdir()
            self._write(dry, audio, sample_rate)
            arguments = self._arguments(dry, wet, sample_rate, audio.shape[0])
            ended = self._execute(arguments, folder, audio.shape[1] / sample_rate)
            progress("rendering", 1.0)
            return self._read(wet, audio, sample_rate, ended)

    def _write(self, path: Path, audio: np.ndarray, sample_rate: int) -> None:
        peak = float(np.abs(audio).max())
        if self._encoding != "float32" and peak > 1:
            raise EffectError(
                f"{self.spec} is given {self._encoding} files, which hold peaks up to 0 dBFS, but "
                f"the sound reaches {20 * np.log10(peak):+.1f} dBFS; lower it first"
            )
        sound_files.write(path, audio, sample_rate, self._encoding)

    def _execute(self, arguments: Sequence[str], folder: Path, sound_s: float) -> Ended:
        allowed = self._limits.construction_s + self._limits.playing_s(sound_s)
        deadline = time.monotonic() + allowed
        try:
            ended = run_program(
                arguments, folder, lambda: deadline - time.monotonic(), self._environment
            )
        except TimeLimitError as error:
            raise EffectError(
                f"{self.spec} did not finish {sound_s:.1f} s of sound within {allowed:g} s and was "
                f"stopped; allow more time or choose another effect{error}"
            ) from None
        except OSError as error:
            raise EffectError(f"{self.spec} cannot be run: {error}; check the program") from None
        if ended.status != 0:
            raise EffectError(f"{self.spec} {ended.describe()}; check its arguments")
        return ended

    def _read(self, wet: Path, dry: np.ndarray, sample_rate: int, ended: Ended) -> np.ndarray:
        if not wet.is_file():
            others = (
                sorted(path.name for path in wet.parent.iterdir()) if wet.parent.exists() else []
            )
            wrote = f"only {', '.join(others)}" if others else "no file at all"
            raise EffectError(
                f"{self.spec} was to write {wet.name} but wrote {wrote}{ended.quote()}; make sure "
                "that the program writes exactly where it is told to"
            )
        try:
            audio, _ = sound_files.read(wet, sample_rate)
        except AudioFileError as error:
            raise EffectError(f"{self.spec} returned no usable sound: {error}") from None
        if audio.shape[0] > 2:
            raise EffectError(
                f"{self.spec} returned {audio.shape[0]} channels; have it return one or two"
            )
        return self._fit(audio, dry.shape[1], sample_rate)

    def _fit(self, audio: np.ndarray, length: int, sample_rate: int) -> np.ndarray:
        missing = length - audio.shape[1]
        if missing > _MISSING_END_S * sample_rate:
            raise EffectError(
                f"{self.spec} returned {audio.shape[1] / sample_rate:.2f} s for "
                f"{length / sample_rate:.2f} s of sound (1 s of silence before it included); an "
                "effect keeps the length, so have it neither trim nor change the tempo"
            )
        return np.pad(audio, ((0, 0), (0, max(0, missing))))[:, :length]


class BatchEffect(ProgramEffect):
    """A program that takes many files in one call."""

    files_per_call = 64

    @abstractmethod
    def _call(self, jobs: Sequence[tuple[Path, Path]], folder: Path, sound_s: float) -> Ended:
        """Have the program turn each dry file into its wet one."""

    def process_many(
        self,
        sounds: Sequence[tuple[np.ndarray, int]],
        progress: Progress = silent,
        *,
        allow_silence: bool = False,
    ) -> Iterator[np.ndarray]:
        """Play several sounds in one call of the program."""
        led = [with_lead(audio, sample_rate) for audio, sample_rate in sounds]
        fed = [(dry, rate) for (dry, _), (_, rate) in zip(led, sounds, strict=True)]
        for number, wet in enumerate(self._run_many(fed, progress)):
            (dry, lead_samples), rate = led[number], sounds[number][1]
            check_wet(wet, dry, rate, lead_samples, self.spec, allow_silence)
            yield np.ascontiguousarray(wet[:, lead_samples:])

    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        return next(self._run_many([(audio, sample_rate)], progress))

    def _run_many(
        self, sounds: Sequence[tuple[np.ndarray, int]], progress: Progress
    ) -> Iterator[np.ndarray]:
        with scratch_folder() as folder:
            out = folder / "out"
            out.mkdir()
            jobs = [
                (folder / f"dry_{number:04}.wav", out / f"wet_{number:04}.wav")
                for number in range(len(sounds))
            ]
            for (dry, _), (audio, sample_rate) in zip(jobs, sounds, strict=True):
                self._write(dry, audio, sample_rate)
            sound_s = sum(audio.shape[1] / sample_rate for audio, sample_rate in sounds)
            ended = self._call(jobs, folder, sound_s)
            for (_, wet), (audio, sample_rate) in zip(jobs, sounds, strict=True):
                yield self._read(wet, audio, sample_rate, ended)
            progress("rendering", 1.0)

    def _arguments(self, dry: Path, wet: Path, sample_rate: int, channels: int) -> list[str]:
        raise NotImplementedError("a batch gives its arguments for all files at once")


def find_program(variable: str, names: Sequence[str], what: str) -> str:
    """Find a program by an environment variable, on the PATH, or at its usual places.

    Raises:
        EffectError: it is not there; says what to install and which variable to set.
    """
    chosen = os.environ.get(variable)
    for name in [chosen] if chosen else names:
        found = shutil.which(str(Path(name).expanduser()))
        if found:
            return found
    usual = f"looked for {names[0]} on the PATH and in the usual places"
    where = f"{variable} says '{chosen}'" if chosen else usual
    raise EffectError(
        f"{what} was not found ({where}); install it, or set {variable} to its program file"
    )
