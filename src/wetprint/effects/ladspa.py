"""LADSPA plugins, hosted through the C structure of ladspa.h 1.1 (R. W. E. Furse, LGPL).

``ladspa:caps.so:ChorusI?rate%20(Hz)=0.9``: the file, looked for along LADSPA_PATH, the plugin's
label in it (unless it holds only one), and ports by their names.
"""

from __future__ import annotations

import ctypes
import math
import re
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_float, c_int, c_ulong, c_void_p
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from wetprint.effects.effect import BLOCK_SAMPLES
from wetprint.effects.hosting import (
    Plugin,
    PluginFacts,
    StartError,
    find_plugin_file,
    folders_from,
    play_in_blocks,
    side_chained,
)
from wetprint.effects.knob import Knob
from wetprint.errors import EffectError, nearest_names
from wetprint.progress import Progress, silent

SUFFIXES = (".so", ".dylib", ".dll")
_INPUT, _OUTPUT, _CONTROL, _AUDIO = 1, 2, 4, 8
_BELOW, _ABOVE, _TOGGLED, _SAMPLE_RATE, _LOGARITHMIC, _INTEGER = 1, 2, 4, 8, 16, 32
_DEFAULT_MASK = 0x3C0
# Hints that place the default between the bounds, with how far it lies up the range.
_DEFAULT_SHARE = {0x40: 0.0, 0x80: 0.25, 0xC0: 0.5, 0x100: 0.75, 0x140: 1.0}
_DEFAULT_NUMBER = {0x200: 0.0, 0x240: 1.0, 0x280: 100.0, 0x2C0: 440.0}
_UNIT_IN_NAME = re.compile(r"[(\[]([^()\[\]]{1,8})[)\]]\s*$")
# Bounds that are multiples of the sample rate are told for this one.
_NOMINAL_RATE = 48000


class _Hint(Structure):
    _fields_: ClassVar = [("descriptor", c_int), ("lower", c_float), ("upper", c_float)]


class _Descriptor(Structure):
    _fields_: ClassVar = [
        ("unique_id", c_ulong),
        ("label", c_char_p),
        ("properties", c_int),
        ("name", c_char_p),
        ("maker", c_char_p),
        ("copyright", c_char_p),
        ("port_count", c_ulong),
        ("ports", POINTER(c_int)),
        ("port_names", POINTER(c_char_p)),
        ("hints", POINTER(_Hint)),
        ("implementation", c_void_p),
        ("instantiate", CFUNCTYPE(c_void_p, c_void_p, c_ulong)),
        ("connect_port", CFUNCTYPE(None, c_void_p, c_ulong, c_void_p)),
        ("activate", CFUNCTYPE(None, c_void_p)),
        ("run", CFUNCTYPE(None, c_void_p, c_ulong)),
        ("run_adding", c_void_p),
        ("set_run_adding_gain", c_void_p),
        ("deactivate", CFUNCTYPE(None, c_void_p)),
        ("cleanup", CFUNCTYPE(None, c_void_p)),
    ]


def folders() -> list[Path]:
    """List where LADSPA plugins are looked for: LADSPA_PATH, or the usual folders."""
    return folders_from("LADSPA_PATH", "~/.ladspa", "/usr/lib/ladspa", "/usr/local/lib/ladspa")


class LadspaPlugin(Plugin):
    """A LADSPA plugin.

    Raises:
        EffectError: there is no such file, or no such plugin in it.
    """

    def __init__(self, identifier: str) -> None:
        name, label = _split_label(identifier)
        self._path = find_plugin_file(name, folders(), SUFFIXES)
        self._descriptor, self._pointer = _choose(_descriptors(self._path), label, self._path)
        self._ports = _ports(self._descriptor)

    def facts(self) -> PluginFacts:
        """Read it off the descriptor."""
        return PluginFacts(
            _text(self._descriptor.name),
            tuple(port.knob() for port in self._ports if port.is_a(_INPUT | _CONTROL)),
            min(2, len(self._audio_inputs())),
            min(2, sum(port.is_a(_OUTPUT | _AUDIO) for port in self._ports)),
            (str(self._path),),
        )

    def play(
        self,
        audio: np.ndarray,
        sample_rate: int,
        settings: dict[str, float],
        progress: Progress = silent,
    ) -> np.ndarray:
        """Play it block by block, compensating the latency its output port tells, if any."""
        plugin = self._descriptor
        handle = plugin.instantiate(self._pointer, sample_rate)
        if not handle:
            raise StartError(f"{self._path} cannot be started at {sample_rate} Hz")
        buffers = self._connect(handle, settings, sample_rate)
        if plugin.activate:
            plugin.activate(handle)
        inputs = [buffers[port.index] for port in self._audio_inputs()][:2]
        outputs = [buffers[p.index] for p in self._ports if p.is_a(_OUTPUT | _AUDIO)][:2]
        latency = [buffers[p.index] for p in self._ports if p.tells_latency()][:1]

        def run_block(block: np.ndarray) -> np.ndarray:
            for buffer, channel in zip(inputs, block, strict=True):
                buffer[:] = channel
            plugin.run(handle, BLOCK_SAMPLES)
            return np.stack(outputs)

        def latency_samples() -> int:
            return round(float(latency[0][0])) if latency else 0

        return play_in_blocks(run_block, latency_samples, audio, progress)

    def _audio_inputs(self) -> list[_Port]:
        """List the inputs for sound; side chains stay silent, unless there is nothing else."""
        inputs = [port for port in self._ports if port.is_a(_INPUT | _AUDIO)]
        return [port for port in inputs if not side_chained(port.name)] or inputs

    def _connect(
        self, handle: int, settings: dict[str, float], sample_rate: int
    ) -> dict[int, np.ndarray]:
        buffers: dict[int, np.ndarray] = {}
        for port in self._ports:
            buffer = np.zeros(BLOCK_SAMPLES, np.float32)
            if port.is_a(_INPUT | _CONTROL):
                buffer[:] = settings.get(port.name, port.knob(sample_rate).default)
            buffers[port.index] = buffer
            self._descriptor.connect_port(handle, port.index, buffer.ctypes.data)
        return buffers


class _Port:
    """One port of a descriptor, with what its hints mean."""

    def __init__(self, index: int, kind: int, name: str, hint: _Hint) -> None:
        self.index, self.name, self._kind = index, name, kind
        self._hints, self._lower, self._upper = hint.descriptor, hint.lower, hint.upper

    def is_a(self, kind: int) -> bool:
        return self._kind & kind == kind

    def tells_latency(self) -> bool:
        return self.is_a(_OUTPUT | _CONTROL) and self.name.strip("_ ").casefold() == "latency"

    def knob(self, sample_rate: int = _NOMINAL_RATE) -> Knob:
        unit = _UNIT_IN_NAME.search(self.name)
        low, high = self._bounds(sample_rate)
        default = self._default(low, high)
        told = (self.name, self.name, unit[1] if unit else "")
        if self._hints & _TOGGLED:
            return Knob(*told, 0.0, 1.0, float(default > 0), ("off", "on"))
        return Knob(*told, low, high, default, whole=bool(self._hints & _INTEGER))

    def _bounds(self, sample_rate: int) -> tuple[float, float]:
        scale = sample_rate if self._hints & _SAMPLE_RATE else 1.0
        low = _short(self._lower * scale) if self._hints & _BELOW else -math.inf
        high = _short(self._upper * scale) if self._hints & _ABOVE else math.inf
        return low, high

    def _default(self, low: float, high: float) -> float:
        hint = self._hints & _DEFAULT_MASK
        if hint in _DEFAULT_NUMBER:
            return _DEFAULT_NUMBER[hint]
        if hint not in _DEFAULT_SHARE or not (math.isfinite(low) or math.isfinite(high)):
            return min(max(0.0, low), high)
        low, high = (bound if math.isfinite(bound) else 0.0 for bound in (low, high))
        share = _DEFAULT_SHARE[hint]
        if self._hints & _LOGARITHMIC and low > 0 and high > 0:
            value = math.exp(math.log(low) * (1 - share) + math.log(high) * share)
        else:
            value = low * (1 - share) + high * share
        return float(round(value)) if self._hints & _INTEGER else _short(value)


def _split_label(identifier: str) -> tuple[str, str]:
    match = re.match(r"(.*\.(?:so|dylib|dll)):(.+)$", identifier)
    if match:
        return match[1], match[2]
    name, colon, label = identifier.rpartition(":")
    return (name, label) if colon and len(name) > 1 else (identifier, "")


def _descriptors(path: Path) -> list[tuple[_Descriptor, int]]:
    try:
        library = ctypes.CDLL(str(path))
        entry: Any = library.ladspa_descriptor
    except (OSError, AttributeError) as error:
        raise EffectError(f"{path} cannot be loaded as LADSPA: {error}") from None
    entry.restype, entry.argtypes = POINTER(_Descriptor), [c_ulong]
    found: list[tuple[_Descriptor, int]] = []
    while pointer := entry(len(found)):
        address = ctypes.cast(pointer, c_void_p).value or 0
        found.append((pointer.contents, address))
    return found


def _choose(
    found: list[tuple[_Descriptor, int]], label: str, path: Path
) -> tuple[_Descriptor, int]:
    labels = [_text(descriptor.label) for descriptor, _ in found]
    if label in labels:
        return found[labels.index(label)]
    if not label and len(found) == 1:
        return found[0]
    if not label:
        shown = ", ".join(labels)
        raise EffectError(f"{path} holds several plugins; name one after a colon: {shown}")
    raise EffectError(f"{path} holds no plugin '{label}'{nearest_names(label, labels)}")


def _ports(descriptor: _Descriptor) -> list[_Port]:
    taken: dict[str, int] = {}
    ports = []
    for index in range(descriptor.port_count):
        name = _text(descriptor.port_names[index])
        taken[name] = taken.get(name, 0) + 1
        unique = name if taken[name] == 1 else f"{name} {taken[name]}"
        ports.append(_Port(index, descriptor.ports[index], unique, descriptor.hints[index]))
    return ports


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", errors="replace").strip()


def _short(value: float) -> float:
    """Drop the digits that only single precision added: 0.10000000149 is 0.1."""
    return float(f"{value:.7g}")
