"""A plugin as an effect: every render in a fresh worker process, every mishap one sentence."""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wetprint.effects.effect import Effect
from wetprint.effects.hosting import PluginFacts, save_sound
from wetprint.effects.knob import Knob, read_settings
from wetprint.effects.processes import Ended, TimeLimitError, run_program, scratch_folder
from wetprint.effects.spec import EffectSpec, format_spec
from wetprint.errors import EffectError, OutputError
from wetprint.progress import Progress, silent


@dataclass(frozen=True)
class TimeLimits:
    """How long an effect may take before it is stopped.

    Attributes:
        construction_s: until it is loaded; real plugins have taken two minutes.
        shortest_s: for playing, at least.
        per_second: seconds of playing allowed for each second of sound.
    """

    construction_s: float = 180.0
    shortest_s: float = 60.0
    per_second: float = 20.0

    @classmethod
    def of(cls, timeout_seconds: float | None) -> TimeLimits:
        """Give the default limits, or the one time for loading and for playing alike."""
        if timeout_seconds is None:
            return cls()
        return cls(timeout_seconds, timeout_seconds, 0.0)

    def playing_s(self, sound_s: float) -> float:
        """Seconds allowed to play ``sound_s`` seconds of sound."""
        return max(self.shortest_s, self.per_second * sound_s)


class HostedEffect(Effect):
    """A plugin of one of the hosts, played in worker processes.

    Raises:
        EffectError: it is missing or cannot be described.
        SpecError: a setting it does not have or does not allow.
    """

    def __init__(self, spec: EffectSpec, limits: TimeLimits) -> None:
        self._scheme, self._identifier, self._limits = spec.scheme, spec.identifier, limits
        self.spec = format_spec(spec)
        self.facts = plugin_facts(spec.scheme, spec.identifier, limits)
        self._settings = read_settings(
            self.facts.knobs, spec.settings, f"{spec.scheme}:{spec.identifier}"
        )
        self.inputs, self.outputs = self.facts.inputs, self.facts.outputs

    def knobs(self) -> tuple[Knob, ...]:
        """List the plugin's knobs."""
        return self.facts.knobs

    def files(self) -> tuple[str, ...]:
        """List the plugin's own files."""
        return self.facts.files

    def _run(
        self, audio: np.ndarray, sample_rate: int, lead_samples: int, progress: Progress
    ) -> np.ndarray:
        if audio.shape[0] == 1:
            return self._play(np.repeat(audio, self.facts.inputs, axis=0), sample_rate, progress)
        if self.facts.inputs == 2 and self.facts.outputs == 2:
            return self._play(audio, sample_rate, progress)
        if self.facts.outputs == 1:
            sides = [np.repeat(side[None], self.facts.inputs, axis=0) for side in audio]
            return np.concatenate([self._play(side, sample_rate, progress) for side in sides])
        raise EffectError(
            f"{self.spec} makes stereo out of mono, but the sound is stereo; give it a mono file"
        )

    def _play(self, audio: np.ndarray, sample_rate: int, progress: Progress) -> np.ndarray:
        request = {
            "task": "play",
            "scheme": self._scheme,
            "identifier": self._identifier,
            "settings": self._settings,
            "sample_rate": int(sample_rate),
        }
        with scratch_folder() as folder:
            dry, wet = folder / "dry.f32", folder / "wet.f32"
            save_sound(dry, audio)
            request |= {"dry": str(dry), "channels": audio.shape[0], "wet": str(wet)}
            sound_s = audio.shape[1] / sample_rate
            told = ask_worker(request, folder, self.spec, self._limits, sound_s, progress)
            return np.fromfile(wet, np.float32).reshape(told["channels"], -1)


@functools.lru_cache(maxsize=256)
def plugin_facts(scheme: str, identifier: str, limits: TimeLimits) -> PluginFacts:
    """Ask a plugin, in a worker, what it is (once per process: the answer is remembered).

    Raises:
        EffectError: it is missing, crashes, hangs, or has no audio to process.
    """
    request = {"task": "describe", "scheme": scheme, "identifier": identifier}
    name = f"{scheme}:{identifier}"
    with scratch_folder() as folder:
        told = ask_worker(request, folder, name, limits, 0.0)
    if told["inputs"] < 1 or told["outputs"] < 1:
        raise EffectError(
            f"{name} has {told['inputs']} audio inputs and {told['outputs']} outputs, so it is no "
            "effect; choose one that takes sound and gives sound"
        )
    knobs = tuple(_knob(fields) for fields in told.pop("knobs"))
    return PluginFacts(knobs=knobs, **(told | {"files": tuple(told["files"])}))


def ask_worker(
    request: dict[str, Any],
    folder: Path,
    name: str,
    limits: TimeLimits,
    sound_s: float,
    progress: Progress = silent,
) -> Any:
    """Have a fresh worker process do something, and give its answer.

    Args:
        request: see `wetprint.effects.worker`.
        folder: a scratch folder of its own.
        name: the effect, for messages.
        limits: how long it may take.
        sound_s: seconds of sound to be played.
        progress: told what the worker tells.

    Raises:
        EffectError: one sentence on what went wrong.
        OutputError: no room for the result.
    """
    request_path = folder / "request.json"
    request_path.write_text(json.dumps(request), "utf-8")
    answers = _Answers(folder / "answers.jsonl", limits, sound_s, progress)
    # -P: a json.py in the user's folder must not stand in for Python's.
    command = [sys.executable, "-P", "-m", "wetprint.effects.worker"]
    try:
        ended = run_program(
            [*command, str(request_path), str(answers.path)],
            folder,
            answers.seconds_left,
            python_environment(),
        )
    except TimeLimitError as error:
        raise EffectError(answers.overdue(name) + str(error)) from None
    answers.read()
    return answers.result(name, ended)


class _Answers:
    """The worker's answers as they come, and the clock they drive."""

    def __init__(
        self, path: Path, limits: TimeLimits, sound_s: float, progress: Progress = silent
    ) -> None:
        self.path, self._limits, self._sound_s, self._progress = path, limits, sound_s, progress
        self._offset, self._rest = 0, b""
        self._loaded = False
        self._deadline = time.monotonic() + limits.construction_s
        self.last: dict[str, Any] = {}

    def seconds_left(self) -> float:
        self.read()
        return self._deadline - time.monotonic()

    def read(self) -> None:
        if not self.path.is_file():
            return
        with self.path.open("rb") as answers:
            answers.seek(self._offset)
            new = answers.read()
        self._offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, answer: dict[str, Any]) -> None:
        self.last = answer
        if "loaded" in answer:
            self._loaded = True
            self._deadline = time.monotonic() + self._limits.playing_s(self._sound_s)
        if "fraction" in answer:
            self._progress("rendering", float(answer["fraction"]))

    def overdue(self, name: str) -> str:
        if not self._loaded:
            return (
                f"{name} was not loaded after {self._limits.construction_s:g} s and was stopped; "
                "allow more time or choose another effect"
            )
        return (
            f"{name} did not finish {self._sound_s:.1f} s of sound within "
            f"{self._limits.playing_s(self._sound_s):g} s and was stopped; "
            "allow more time or choose another effect"
        )

    def result(self, name: str, ended: Ended) -> Any:
        if "done" in self.last:
            return self.last["done"]
        if self.last.get("full_disk"):
            raise OutputError(f"cannot keep what {name} returns: the disk is full; free some space")
        if "error" in self.last:
            sentence = str(self.last["error"]) + (ended.quote() if self.last["quote"] else "")
            raise EffectError(sentence if name in sentence else f"{name}: {sentence}")
        doing = "playing" if self._loaded else "being loaded"
        raise EffectError(
            f"{name} {_ended_while(doing, ended)}; try another setting, version or sample rate"
        )


def _ended_while(doing: str, ended: Ended) -> str:
    return ended.describe().replace("crashed", f"crashed while {doing}", 1)


def python_environment() -> dict[str, str]:
    """Let another Python import this very wetprint, wherever it was found."""
    package_root = str(Path(__file__).resolve().parents[2])
    paths: Iterable[str] = (package_root, os.environ.get("PYTHONPATH", ""))
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def _knob(fields: dict[str, Any]) -> Knob:
    for key in ("choices", "choice_values"):
        fields[key] = tuple(fields[key]) if fields[key] is not None else None
    return Knob(**fields)
