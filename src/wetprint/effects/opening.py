"""From a written effect to one that plays. The one list of hosts is here."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from wetprint.effects.effect import Chain, Effect
from wetprint.effects.hosted import HostedEffect, TimeLimits
from wetprint.effects.spec import EffectSpec, parse_spec

# Effects that are programs or files of our own reading; all others are plugins in a worker.
_PROGRAMS = {
    "command": ("wetprint.effects.command", "CommandEffect"),
    "ir": ("wetprint.effects.impulse_response", "ImpulseResponseEffect"),
    "reaper": ("wetprint.effects.reaper", "ReaperEffect"),
    "mrswatson": ("wetprint.effects.mrswatson", "MrsWatsonEffect"),
    "wetprint": ("wetprint.effects.wetprint_model", "WetprintEffect"),
}


def open_effect(spec: str | EffectSpec, timeout_seconds: float | None = None) -> Effect:
    """Open a written effect, or a chain joined by `` | ``, ready to play.

    Plugins are looked up and their settings checked here, in a worker process each; nothing of
    them is loaded into this one.

    Args:
        spec: see `wetprint.effects.spec`.
        timeout_seconds: limit for loading, and again for each render; None for 180 s to load and
            max(60 s, 20 times the sound) to play.

    Raises:
        SpecError: the text cannot be understood, a knob is unknown or out of range.
        EffectError: the effect is missing, or crashes or hangs when looked at.
    """
    limits = TimeLimits.of(timeout_seconds)
    stages = parse_spec(spec) if isinstance(spec, str) else (spec,)
    effects = [_open_one(stage, limits) for stage in stages]
    return effects[0] if len(effects) == 1 else Chain(effects)


def _open_one(spec: EffectSpec, limits: TimeLimits) -> Effect:
    if spec.scheme not in _PROGRAMS:
        return HostedEffect(spec, limits)
    module, name = _PROGRAMS[spec.scheme]
    effect_class: Any = getattr(import_module(module), name)
    return effect_class(spec, limits)
