"""VST2 plugins through dawdreamer (``vst2:/usr/lib/vst/ZamTube-vst.so?tube_drive=0.6``).

VST2 knows neither units nor ranges: every knob goes from 0 to 1. What the plugin itself calls the
position it starts in stands in the knob's label. dawdreamer is an optional dependency
(``pip install wetprint[vst2]``).
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from wetprint.effects.effect import BLOCK_SAMPLES
from wetprint.effects.hosting import Plugin, PluginFacts, StartError, find_plugin_file, folders_from
from wetprint.effects.knob import Knob
from wetprint.errors import EffectError
from wetprint.progress import Progress, silent

_FOLDERS = {
    "linux": ("~/.vst", "/usr/lib/vst", "/usr/lib/lxvst", "/usr/local/lib/vst"),
    "darwin": ("~/Library/Audio/Plug-Ins/VST", "/Library/Audio/Plug-Ins/VST"),
    "win32": (r"C:\Program Files\VSTPlugins", r"C:\Program Files\Steinberg\VSTPlugins"),
}
_FILE_SUFFIXES = {"linux": (".so",), "darwin": (".vst",), "win32": (".dll",)}
SUFFIXES = _FILE_SUFFIXES.get(sys.platform, (".so",))


def folders() -> list[Path]:
    """List where VST2 plugins are looked for (VST_PATH instead, where that is set)."""
    return folders_from("VST_PATH", *_FOLDERS.get(sys.platform, ()))


class Vst2Plugin(Plugin):
    """A VST2 plugin.

    Raises:
        EffectError: there is no such plugin.
    """

    def __init__(self, identifier: str) -> None:
        self._path = find_plugin_file(identifier, folders(), SUFFIXES)

    def facts(self) -> PluginFacts:
        """Load it and see."""
        engine = _engine(48000)  # the plugin dies with its engine, so the engine is kept
        plugin = self._load(engine)
        inputs = min(2, plugin.get_num_input_channels())
        outputs = min(2, plugin.get_num_output_channels())
        return PluginFacts(
            self._path.stem, tuple(_knobs(plugin)), inputs, outputs, (str(self._path),)
        )

    def play(
        self,
        audio: np.ndarray,
        sample_rate: int,
        settings: dict[str, float],
        progress: Progress = silent,
    ) -> np.ndarray:
        """Play it, and compensate the latency it reports."""
        engine = _engine(sample_rate)
        plugin = self._load(engine)
        inputs, length = plugin.get_num_input_channels(), audio.shape[1]
        # The latency may depend on the settings, so it is asked after them; it is played out in
        # the second that is added here, or in more where the plugin asks for it.
        index = {knob.name: place for place, knob in enumerate(_knobs(plugin))}
        for name, value in settings.items():
            plugin.set_parameter(index[name], value)
        tail = max(sample_rate, plugin.get_latency_samples()) + BLOCK_SAMPLES
        fed = np.zeros((inputs, length + tail), np.float32)
        fed[: min(inputs, audio.shape[0]), :length] = audio[:inputs]
        player = engine.make_playback_processor("dry", fed)
        engine.load_graph([(player, []), (plugin, ["dry"])])
        for name, value in settings.items():
            plugin.set_parameter(index[name], value)
        engine.render(fed.shape[1] / sample_rate)
        wet, latency = plugin.get_audio(), max(0, plugin.get_latency_samples())
        return wet[:2, latency : latency + length]

    def _load(self, engine: Any) -> Any:
        try:
            return engine.make_plugin_processor("effect", str(self._path))
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise StartError(f"{self._path} cannot be loaded as VST2: {reason}") from None


def _engine(sample_rate: int) -> Any:
    try:
        dawdreamer: Any = import_module("dawdreamer")
    except ImportError:
        raise EffectError(
            "VST2 plugins need dawdreamer, which is not installed; pip install 'wetprint[vst2]'"
        ) from None
    return dawdreamer.RenderEngine(sample_rate, BLOCK_SAMPLES)


def _knobs(plugin: Any) -> list[Knob]:
    knobs: list[Knob] = []
    for told in plugin.get_parameters_description():
        name = _slug(told["name"]) or f"parameter_{told['index']}"
        if any(knob.name == name for knob in knobs):
            name = f"{name}_{told['index']}"
        reads = f"{told['currentValText']} {told['label']}".strip()
        label = f"{told['name']} (starts at {reads})" if reads else told["name"]
        default = plugin.get_parameter(told["index"])
        knobs.append(Knob(name, label, "", 0.0, 1.0, float(default)))
    return knobs


def _slug(name: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in name.casefold()).split()
    return "_".join(words)
