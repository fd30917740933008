"""VST3 plugins through pedalboard (``vst3:/usr/lib/vst3/ZamTube.vst3?tube_drive=6``).

The path may be left out for plugins in the usual folders (``vst3:ZamTube``), and of a bundle with
several plugins one is named after a colon (``vst3:bundle.vst3:Name``). Knobs carry pedalboard's
names and go by the plugin's own units.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from wetprint.effects.effect import BLOCK_SAMPLES
from wetprint.effects.hosting import (
    Plugin,
    PluginFacts,
    StartError,
    find_plugin_file,
    folders_from,
)
from wetprint.effects.knob import Knob
from wetprint.errors import EffectError
from wetprint.progress import Progress, silent

SUFFIXES = (".vst3",)
_FOLDERS = {
    "linux": ("~/.vst3", "/usr/lib/vst3", "/usr/local/lib/vst3"),
    "darwin": ("~/Library/Audio/Plug-Ins/VST3", "/Library/Audio/Plug-Ins/VST3"),
    "win32": (r"C:\Program Files\Common Files\VST3",),
}
# Some frameworks show the host's own figures as if they were knobs.
_HOST_FIGURES = ("buffer_size_frames", "sample_rate_frames", "latency_frames")
# The plugin's own time limit is the worker's business.
_NO_LIMIT_S = 3600.0
_SWITCH = ("off", "on")


def folders() -> list[Path]:
    """List where VST3 plugins are looked for (VST3_PATH instead, where that is set)."""
    return folders_from("VST3_PATH", *_FOLDERS.get(sys.platform, ()))


class Vst3Plugin(Plugin):
    """A VST3 plugin.

    Raises:
        EffectError: there is no such plugin.
    """

    def __init__(self, identifier: str) -> None:
        name, _, self._inner = _split_name(identifier)
        self._path = find_plugin_file(name, folders(), SUFFIXES)

    def facts(self) -> PluginFacts:
        """Load it and see: which channels it takes is found by trying stereo, then mono."""
        plugin = self._load()
        knobs = tuple(
            _knob(name, parameter, getattr(plugin, name))
            for name, parameter in plugin.parameters.items()
            if name not in _HOST_FIGURES and len(parameter.valid_values) > 1
        )
        channels = _channels(plugin, str(self._path))
        return PluginFacts(plugin.name, knobs, channels, channels, (str(self._path),))

    def play(
        self,
        audio: np.ndarray,
        sample_rate: int,
        settings: dict[str, float],
        progress: Progress = silent,
    ) -> np.ndarray:
        """Play it; pedalboard compensates the latency."""
        plugin = self._load()
        for name, value in settings.items():
            setattr(plugin, name, _spoken(plugin.parameters[name], value))
        return plugin.process(np.array(audio), sample_rate, BLOCK_SAMPLES, reset=True)

    def _load(self) -> Any:
        import pedalboard

        _leave_programs_alone()
        try:
            plugin = pedalboard.VST3Plugin(
                str(self._path), plugin_name=self._inner, initialization_timeout=_NO_LIMIT_S
            )
        except (ImportError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise StartError(f"{self._path} cannot be loaded as VST3: {reason}") from None
        if plugin.is_instrument:
            raise EffectError(f"{self._path} is an instrument, not an effect; choose an effect")
        return plugin


def _leave_programs_alone() -> None:
    """Keep pedalboard from trying out every program of a plugin.

    It asks each parameter for the text of a thousand values, and one that always answers the same,
    as a list of one program does, it sets to each of them: with ZamVerb, which loads a room for
    each, that takes minutes. What the fast way told is all there is to know of programs.
    """
    pedalboard: Any = import_module("pedalboard._pedalboard")
    ask: Any = getattr(pedalboard, "get_text_for_raw_value", None)
    if ask is None or getattr(ask, "spares_programs", False):
        return

    def ask_gently(parameter: Any, raw_value: float, slow: bool = False) -> Any:
        return ask(parameter, raw_value, slow and "program" not in parameter.name.casefold())

    ask_gently.spares_programs = True  # type: ignore[attr-defined]
    pedalboard.get_text_for_raw_value = ask_gently


def _split_name(identifier: str) -> tuple[str, str, str | None]:
    path, mark, inner = identifier.rpartition(".vst3:")
    if mark:
        return path + ".vst3", mark, inner
    return identifier, "", None


def _channels(plugin: Any, path: str) -> int:
    reasons = []
    for channels in (2, 1):
        try:
            plugin.process(np.zeros((channels, BLOCK_SAMPLES), np.float32), 48000, BLOCK_SAMPLES)
        except ValueError as error:
            reasons.append(str(error))
        else:
            return channels
    raise EffectError(f"{path} takes neither stereo nor mono: {reasons[-1]}")


def _knob(name: str, parameter: Any, value: Any) -> Knob:
    unit = (parameter.units or "").strip()
    if parameter.type is bool:
        return Knob(name, parameter.name, unit, 0, 1, float(bool(value)), _SWITCH)
    if parameter.type is str:
        choices = tuple(str(choice) for choice in parameter.valid_values)
        default = choices.index(str(value)) if str(value) in choices else 0
        return Knob(name, parameter.name, unit, 0, len(choices) - 1, float(default), choices)
    low, high, _ = parameter.range
    return Knob(name, parameter.name, unit, float(low), float(high), float(value))


def _spoken(parameter: Any, value: float) -> Any:
    if parameter.type is bool:
        return bool(value)
    if parameter.type is str:
        return parameter.valid_values[int(value)]
    return value
