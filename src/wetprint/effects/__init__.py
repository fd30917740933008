"""Anything that turns dry into wet: the spec grammar, the hosts, rendering and latency."""

from wetprint.effects.effect import Chain, Effect, Knob
from wetprint.effects.opening import open_effect
from wetprint.effects.spec import EffectSpec, format_spec, parse_spec

__all__ = [
    "Chain",
    "Description",
    "Effect",
    "EffectSpec",
    "InstalledEffect",
    "InstalledHost",
    "Knob",
    "Latency",
    "RenderedFile",
    "RenderedFolder",
    "describe",
    "format_spec",
    "installed_effects",
    "measure_latency",
    "open_effect",
    "parse_spec",
    "render_file",
    "render_folder",
]
