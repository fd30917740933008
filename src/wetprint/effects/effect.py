"""What every effect is to the rest of wetprint: sound in, sound out, named knobs.

One verb, `Effect.process`. Every effect hears 1.0 s of silence first, which is dropped again, so
that time zero is the first sample after it and no effect is caught cold (one fuzz differed from
its settled self by -14 dB without). In a chain the later effects hear what the earlier ones make
of that silence, as they would on a desk.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wetprint.errors import EffectError, SpecError, nearest_names
from wetprint.progress import Progress, silent

LEAD_SECONDS = 1.0
BLOCK_SAMPLES = 512
# Quieter than this is silence: 24-bit files end at -144 dBFS, and dither and denormals lie below.
SILENCE = 1e-7
# An input this loud (-60 dBFS) ought to be heard at the output.
AUDIBLE = 1e-3


@dataclass(frozen=True)
class Knob:
    """One setting of an effect.

    Attributes:
        name: what a spec calls it.
        label: what the effect itself calls it.
        unit: of minimum, maximum and default, such as "dB"; empty when it has none.
        minimum: smallest value allowed; -inf when the effect names none.
        maximum: largest value allowed; inf when the effect names none.
        default: the value it has when the spec does not mention it.
        choices: names of its positions when it is a switch, otherwise None.
        choice_values: the number behind each choice; None means 0, 1, 2, ...
        whole: only whole numbers are allowed.
    """

    name: str
    label: str
    unit: str
    minimum: float
    maximum: float
    default: float
    choices: tuple[str, ...] | None = None
    choice_values: tuple[float, ...] | None = None
    whole: bool = False

    def read(self, text: str) -> float:
        """Turn what a spec says into this knob's number.

        Args:
            text: a number, or the name of a choice.

        Raises:
            SpecError: not a number, not a choice, or outside the range, which is given.
        """
        if self.choices is not None:
            return self._read_choice(text.strip())
        value = _number(text)
        if value is None or (self.whole and value != round(value)):
            kind = "a whole number" if self.whole else "a number"
            raise SpecError(f"'{self.name}' takes {kind} {self.range_text()}, but '{text}' came")
        slack = 1e-6 * max(abs(bound) for bound in (self.minimum, self.maximum, 0.0) if _ok(bound))
        if not self.minimum - slack <= value <= self.maximum + slack:
            raise SpecError(f"'{self.name}' goes {self.range_text()}, but {text} came")
        return min(max(value, self.minimum), self.maximum)

    def range_text(self) -> str:
        """Say what is allowed, in words: "from 0 to 11 dB", "one of 'off', 'on'"."""
        if self.choices is not None:
            return "one of " + ", ".join(f"'{choice}'" for choice in self.choices)
        unit = f" {self.unit}" if self.unit else ""
        if _ok(self.minimum) and _ok(self.maximum):
            return f"from {self.minimum:g} to {self.maximum:g}{unit}"
        if _ok(self.minimum):
            return f"from {self.minimum:g}{unit} up"
        if _ok(self.maximum):
            return f"up to {self.maximum:g}{unit}"
        return f"of any size, in{unit}" if unit else "of any size"

    def values(self) -> tuple[float, ...]:
        """Give the number behind each choice (empty for a knob without choices)."""
        if self.choice_values is not None:
            return self.choice_values
        return tuple(float(place) for place in range(len(self.choices or ())))

    def _read_choice(self, text: str) -> float:
        choices, values = self.choices or (), self.values()
        folded = [choice.strip().casefold() for choice in choices]
        wanted = text.casefold()
        if folded == ["off", "on"]:
            wanted = {"false": "off", "no": "off", "true": "on", "yes": "on"}.get(wanted, wanted)
        if wanted in folded:
            return values[folded.index(wanted)]
        number = _number(text)
        for value in values:
            if number is not None and math.isclose(number, value, rel_tol=1e-6, abs_tol=1e-9):
                return value
        numbered = ", ".join(f"'{c}' ({v:g})" for c, v in zip(choices, values, strict=True))
        near = nearest_names(text, choices) if number is None else ""
        near = near if "did you mean" in near else ""
        raise SpecError(f"'{self.name}' is one of {numbered}, but '{text}' came{near}")


def read_settings(
    knobs: Sequence[Knob], settings: Iterable[tuple[str, str]], effect: str
) -> dict[str, float]:
    """Look up and validate the settings of a spec.

    Args:
        knobs: what the effect has; a setting may use a knob's name or, in any case, its label.
        settings: names and values as written.
        effect: the effect in words, for messages.

    Returns:
        The number of each knob mentioned, by the knob's own name.

    Raises:
        SpecError: an unknown knob (the nearest are named), or a value that is not allowed.
    """
    by_name = {knob.name: knob for knob in knobs}
    folded: dict[str, Knob] = {}
    for knob in knobs:
        folded.setdefault(knob.label.casefold(), knob)
    folded.update({knob.name.casefold(): knob for knob in knobs})
    values: dict[str, float] = {}
    for name, text in settings:
        knob = by_name.get(name) or folded.get(name.casefold())
        if knob is None:
            known = nearest_names(name, by_name) or "; it has no knobs"
            raise SpecError(f"{effect} has no knob '{name}'{known}")
        if knob.name in values:
            raise SpecError(f"the knob '{knob.name}' of {effect} is set more than once; keep one")
        try:
            values[knob.name] = knob.read(text)
        except SpecError as error:
            raise SpecError(f"{effect}: {error}") from None
    return values


class Effect(ABC):
    """Anything that turns dry into wet.

    Attributes:
        spec: how it is written, in canonical form.
        inputs: channels it takes, or None when it takes one as well as two.
        outputs: channels it gives for one channel of sound, or None when it gives what it gets.
    """

    spec: str
    inputs: int | None = None
    outputs: int | None = None

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
        dry = check_audio(audio)
        lead_samples = round(LEAD_SECONDS * sample_rate)
        lead = np.zeros((dry.shape[0], lead_samples), np.float32)
        wet = self.run(
            np.concatenate([lead, dry], axis=1), sample_rate, lead_samples, progress, allow_silence
        )
        return np.ascontiguousarray(wet[:, lead_samples:])

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


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if _ok(value) else None


def _ok(value: float) -> bool:
    return math.isfinite(value)
