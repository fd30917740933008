"""What every effect is to the rest of wetprint: sound in, sound out, named knobs.

One verb, `Effect.process`. Every effect hears 1.0 s of silence first, which is dropped again, so
that time zero is the first sample after it and no effect is caught cold (one fuzz differed from
its settled self by -14 dB without). In a chain the later effects hear what the earlier ones make
of that silence, as they would on a desk.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from wetprint.effects.knob import Knob
from wetprint.errors import EffectError
from wetprint.progress import Progress, silent

LEAD_SECONDS = 1.0
BLOCK_SAMPLES = 512
# Quieter than this is silence: 24-bit files end at -144 dBFS, and dither and denormals lie below.
SILENCE = 1e-7
# An input this loud (-60 dBFS) ought to be heard at the output.
AUDIBLE = 1e-3


class Effect(ABC):
    """Anything that turns dry into wet.

    Attributes:
        spec: how it is written, in canonical form.
        inputs: channels it takes, or None when it takes one as well as two.
        outputs: channels it gives for one channel of sound, or None when it gives what it gets.
        files_per_call: how many sounds `process_many` plays at once.
    """

    spec: str
    inputs: int | None = None
    outputs: int | None = None
    files_per_call: int = 1

    @abstractmethod
    def knobs(self) -> tuple[Knob, ...]:
        """List its knobs, each with unit, range and default."""

    @abstractmethod
    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        """Play (channel, time) sound whose first ``lead_samples`` come before time zero."""

    def files(self) -> tuple[str, ...]:
        """List the files its sound depends on, so that a change of one can be noticed."""
        return ()

    def process(
        self,
        audio: np.ndarray,
        sample_rate: int,
        progress: Progress = silent,
        *,
        allow_silence: bool = False,
    ) -> np.ndarray:
        """Play sound through the effect, from a fresh start.

        Latency that the effect reports is compensated, as in a DAW; lag that it keeps to itself
        stays in the sound, and `wetprint.effects.latency.measure_latency` finds it.

        Args:
            audio: float32, (channel, time), one or two channels.
            sample_rate: Hz, a whole number.
            progress: told how far the rendering is.
            allow_silence: accept silence as the answer to sound (a gate may mean it); otherwise
                it is an error, since nothing can be learned from it.

        Returns:
            float32, (channel, time), as long as ``audio``, with the channels the effect gives
            (two equal ones included).

        Raises:
            ValueError: audio of another shape.
            EffectError: the effect is missing, crashes, hangs, refuses the channels, or returns
                NaN, infinity or silence.
        """
        dry, lead_samples = with_lead(audio, sample_rate)
        wet = self.run(dry, sample_rate, lead_samples, progress, allow_silence)
        return np.ascontiguousarray(wet[:, lead_samples:])

    def process_many(
        self,
        sounds: Sequence[tuple[np.ndarray, int]],
        progress: Progress = silent,
        *,
        allow_silence: bool = False,
    ) -> Iterator[np.ndarray]:
        """Play several sounds, each with its sample rate, as `process` would one by one."""
        for number, (audio, sample_rate) in enumerate(sounds):
            part = _share(progress, number, len(sounds))
            yield self.process(audio, sample_rate, part, allow_silence=allow_silence)

    def run(
        self,
        audio: np.ndarray,
        sample_rate: int,
        lead_samples: int,
        progress: Progress,
        allow_silence: bool,
    ) -> np.ndarray:
        """Play sound that already carries its lead of silence, and check what comes back."""
        wet = self._run(audio, sample_rate, lead_samples, progress)
        check_wet(wet, audio, sample_rate, lead_samples, self.spec, allow_silence)
        return wet.astype(np.float32, copy=False)


class Chain(Effect):
    """Effects one after another.

    >>> Chain(()).spec
    ''
    """

    def __init__(self, stages: Sequence[Effect]) -> None:
        self.stages = tuple(stages)
        self.spec = " | ".join(stage.spec for stage in self.stages)
        self.inputs = self.stages[0].inputs if self.stages else None
        told = [stage.outputs for stage in self.stages if stage.outputs is not None]
        self.outputs = max(told, default=None)

    def knobs(self) -> tuple[Knob, ...]:
        """List the knobs of all effects, in their order."""
        return tuple(knob for stage in self.stages for knob in stage.knobs())

    def files(self) -> tuple[str, ...]:
        """List the files of all effects."""
        return tuple(path for stage in self.stages for path in stage.files())

    def run(
        self,
        audio: np.ndarray,
        sample_rate: int,
        lead_samples: int,
        progress: Progress,
        allow_silence: bool,
    ) -> np.ndarray:
        """Play the sound through one effect after the other, checking each."""
        for number, stage in enumerate(self.stages):
            part = _share(progress, number, len(self.stages))
            audio = stage.run(audio, sample_rate, lead_samples, part, allow_silence)
        return audio

    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        return self.run(audio, sample_rate, lead_samples, progress, allow_silence=True)


def with_lead(audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray, int]:
    """Put the second of silence before a sound; give both, and how many samples it is."""
    dry, lead_samples = check_audio(audio), round(LEAD_SECONDS * sample_rate)
    lead = np.zeros((dry.shape[0], lead_samples), np.float32)
    return np.concatenate([lead, dry], axis=1), lead_samples


def check_audio(audio: np.ndarray) -> np.ndarray:
    """Return (channel, time) sound as float32, or say what is wrong with it.

    Raises:
        ValueError: not (channel, time), empty, or with NaN or infinity inside.
        EffectError: more than two channels.
    """
    if audio.ndim != 2 or audio.shape[1] == 0 or audio.shape[0] == 0:
        raise ValueError(f"expected (channel, time) sound, but its shape is {audio.shape}")
    if audio.shape[0] > 2:
        raise EffectError(
            f"expected mono or stereo sound, but it has {audio.shape[0]} channels; "
            "take the one or two that matter"
        )
    if not np.isfinite(audio).all():
        raise ValueError("expected finite sound for the effect, but NaN or infinity is inside")
    return audio.astype(np.float32, copy=False)


def check_wet(
    wet: np.ndarray,
    dry: np.ndarray,
    sample_rate: int,
    lead_samples: int,
    spec: str,
    allow_silence: bool,
) -> None:
    """Refuse what no effect returns: NaN, infinity, another length, silence for sound.

    Raises:
        EffectError: naming the effect and where.
    """
    if wet.shape[-1] != dry.shape[-1] or wet.shape[0] not in (1, 2):
        raise EffectError(f"{spec} returned sound of shape {wet.shape} for {dry.shape}")
    finite = np.isfinite(wet).all(axis=0)
    if not finite.all():
        at_s = (int(np.argmin(finite)) - lead_samples) / sample_rate
        where = f"from {at_s:.2f} s on" if at_s >= 0 else "before the sound began"
        raise EffectError(
            f"{spec} returned NaN or infinity {where}; try other settings, a lower input level or "
            "another sample rate"
        )
    loudest = float(np.abs(dry).max())
    if not allow_silence and loudest > AUDIBLE and float(np.abs(wet).max()) <= SILENCE:
        raise EffectError(
            f"{spec} returned silence for sound that peaks at {20 * math.log10(loudest):.1f} dBFS; "
            "look for a volume, gate, bypass or licence that keeps it quiet"
        )


def _share(progress: Progress, number: int, count: int) -> Progress:
    def report(stage: str, fraction: float, detail: str = "") -> None:
        progress(stage, (number + fraction) / count, detail)

    return report
