"""Anything that turns dry into wet: the spec grammar, the hosts, rendering and latency."""

from wetprint.effects.effect import Chain, Effect
from wetprint.effects.installed import (
    Description,
    InstalledEffect,
    InstalledHost,
    describe,
    installed_effects,
)
from wetprint.effects.knob import Knob
from wetprint.effects.latency import Latency, measure_latency
from wetprint.effects.opening import open_effect
from wetprint.effects.render import RenderedFile, RenderedFolder, render_file, render_folder
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
