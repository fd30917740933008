"""LV2 plugins (``lv2:http://guitarix.sourceforge.net/plugins/gx_muff_#_muff_?TONE=0.5``).

A thin host: liblilv finds and starts the plugin, the rest is the C structure of lv2.h called
through ctypes. Audio, control, CV and atom ports are served; atom inputs get empty sequences. Side
chains and further inputs are fed silence; the first two audio outputs are taken.
"""

from __future__ import annotations

import ctypes
import math
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_uint32, c_void_p
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from wetprint.effects.effect import BLOCK_SAMPLES
from wetprint.effects.hosting import Plugin, PluginFacts, StartError, play_in_blocks, side_chained
from wetprint.effects.knob import Knob
from wetprint.effects.lilv import LV2_CORE, UNITS, World
from wetprint.effects.lv2_features import (
    ATOM,
    LOAD_DEFAULT_STATE,
    SEQUENCE_BYTES,
    SUPPORTED,
    Features,
)
from wetprint.errors import EffectError, nearest_names
from wetprint.progress import Progress, silent

_PORT_PROPERTIES = "http://lv2plug.in/ns/ext/port-props#"
_SHORT_UNITS = {
    "db": "dB", "hz": "Hz", "khz": "kHz", "mhz": "MHz", "ms": "ms", "s": "s", "pc": "%",
    "bpm": "BPM", "cent": "cents", "semitone12TET": "semitones", "oct": "octaves",
    "degree": "degrees", "frame": "samples", "min": "min", "m": "m", "cm": "cm", "mm": "mm",
}  # fmt: skip


class _Descriptor(Structure):
    _fields_: ClassVar = [
        ("uri", c_char_p),
        ("instantiate", c_void_p),
        ("connect_port", CFUNCTYPE(None, c_void_p, c_uint32, c_void_p)),
        ("activate", CFUNCTYPE(None, c_void_p)),
        ("run", CFUNCTYPE(None, c_void_p, c_uint32)),
        ("deactivate", CFUNCTYPE(None, c_void_p)),
        ("cleanup", CFUNCTYPE(None, c_void_p)),
        ("extension_data", CFUNCTYPE(c_void_p, c_char_p)),
    ]


class _Instance(Structure):
    _fields_: ClassVar = [
        ("descriptor", POINTER(_Descriptor)),
        ("handle", c_void_p),
        ("private", c_void_p),
    ]


@dataclass(frozen=True)
class _Port:
    index: int
    kind: str  # "audio", "control", "cv", "atom" or "" for one we do not know
    is_input: bool
    side_chain: bool
    latency: bool
    optional: bool
    buffer_bytes: int
    knob: Knob


class Lv2Plugin(Plugin):
    """An LV2 plugin, by its URI.

    Raises:
        EffectError: liblilv or the plugin is not installed.
    """

    def __init__(self, identifier: str) -> None:
        self._uri, self._world = identifier, World()
        found = self._world.plugin(identifier)
        if not found:
            lilv, world = self._world.lilv, self._world
            known = [world.text(lilv.lilv_plugin_get_uri(plugin)) for plugin in world.plugins()]
            near = nearest_names(identifier, known)
            near = near if "did you mean" in near else "; `wetprint effects` lists them"
            raise EffectError(f"there is no LV2 plugin '{identifier}' on this machine{near}")
        self._plugin: int = found
        self._ports = _PortReader(self._world, found).ports()

    def facts(self) -> PluginFacts:
        """Read it off the plugin's description; its code does not run."""
        lilv, world = self._world.lilv, self._world
        knobs = (p.knob for p in self._ports if p.kind in ("control", "cv") and p.is_input)
        library = lilv.lilv_plugin_get_library_uri(self._plugin)
        path = lilv.lilv_file_uri_parse(world.text(library).encode(), None) if library else None
        return PluginFacts(
            world.text(lilv.lilv_plugin_get_name(self._plugin)),
            tuple(knobs),
            min(2, len(self._sound_inputs())),
            min(2, len(self._sound_outputs())),
            (ctypes.string_at(path).decode(),) if path else (),
        )

    def play(
        self,
        audio: np.ndarray,
        sample_rate: int,
        settings: dict[str, float],
        progress: Progress = silent,
    ) -> np.ndarray:
        """Play it block by block, compensating the latency its port tells, if it has one."""
        features = Features(sample_rate, BLOCK_SAMPLES)
        instance = self._start(features, sample_rate)
        plugin, handle = instance.descriptor.contents, instance.handle
        buffers = {port.index: self._buffer(port, settings) for port in self._ports}
        for index, buffer in buffers.items():
            address = None if buffer is None else buffer.ctypes.data
            plugin.connect_port(handle, index, address)
        if plugin.activate:
            plugin.activate(handle)
        inputs = [buffers[port.index] for port in self._sound_inputs()[:2]]
        outputs = [buffers[port.index] for port in self._sound_outputs()[:2]]
        told = [buffers[port.index] for port in self._ports if port.latency]
        sequences = self._sequences(features, buffers)

        def run_block(block: np.ndarray) -> np.ndarray:
            for buffer, channel in zip(inputs, block, strict=True):
                buffer[:] = channel
            for buffer, header in sequences:
                buffer[: len(header)] = header
            plugin.run(handle, BLOCK_SAMPLES)
            features.worker.after_run()
            return np.stack(outputs)

        def latency_samples() -> int:
            return round(float(told[0][0])) if told else 0

        return play_in_blocks(run_block, latency_samples, audio, progress)

    def _sound_inputs(self) -> list[_Port]:
        inputs = [port for port in self._ports if port.kind == "audio" and port.is_input]
        return [port for port in inputs if not port.side_chain] or inputs

    def _sound_outputs(self) -> list[_Port]:
        return [port for port in self._ports if port.kind == "audio" and not port.is_input]

    def _start(self, features: Features, sample_rate: int) -> _Instance:
        world, lilv = self._world, self._world.lilv
        required = lilv.lilv_plugin_get_required_features(self._plugin)
        lacking = {world.text(node) for node in world.nodes(required)} - SUPPORTED
        if lacking:
            raise EffectError(
                f"lv2:{self._uri} asks its host for {', '.join(sorted(lacking))}, which wetprint "
                "does not have; choose another effect"
            )
        pointer = lilv.lilv_plugin_instantiate(self._plugin, float(sample_rate), features.array)
        if not pointer:
            raise StartError(
                f"lv2:{self._uri} cannot be started at {sample_rate} Hz; look whether its library "
                "and what that needs are installed, or try another sample rate"
            )
        instance = _Instance.from_address(pointer)
        if instance.descriptor.contents.extension_data:
            interface = instance.descriptor.contents.extension_data(features.worker_uri())
            features.worker.serve(instance.handle, interface)
        self._restore_default_state(features, pointer)
        return instance

    def _restore_default_state(self, features: Features, instance: int) -> None:
        world, lilv = self._world, self._world.lilv
        if not lilv.lilv_plugin_has_feature(self._plugin, world.node(LOAD_DEFAULT_STATE)):
            return
        uri = world.node(self._uri)
        state = lilv.lilv_state_new_from_world(world.pointer, features.map_address, uri)
        if state and lilv.lilv_state_get_num_properties(state) > 0:
            lilv.lilv_state_restore(state, instance, None, None, 0, features.array)

    def _buffer(self, port: _Port, settings: dict[str, float]) -> Any:
        if port.kind == "atom":
            return np.zeros(port.buffer_bytes // 4, np.uint32)
        if not port.kind:
            return None
        value = settings.get(port.knob.name, port.knob.default) if port.is_input else 0.0
        return np.full(BLOCK_SAMPLES, 0.0 if port.kind == "audio" else value, np.float32)

    def _sequences(
        self, features: Features, buffers: dict[int, Any]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Give the headers that atom ports need before every run: nothing in, room for out."""
        sequence, chunk = (features.uris.number(ATOM + kind) for kind in ("Sequence", "Chunk"))
        headers = []
        for port in self._ports:
            if port.kind == "atom":
                size, kind = (8, sequence) if port.is_input else (port.buffer_bytes - 8, chunk)
                headers.append((buffers[port.index], np.array([size, kind, 0, 0], np.uint32)))
        return headers


class _PortReader:
    """Reads a plugin's ports off its description."""

    def __init__(self, world: World, plugin: int) -> None:
        self._world, self._lilv, self._plugin = world, world.lilv, plugin

    def ports(self) -> tuple[_Port, ...]:
        count = self._lilv.lilv_plugin_get_num_ports(self._plugin)
        ports = (self._lilv.lilv_plugin_get_port_by_index(self._plugin, i) for i in range(count))
        return tuple(self._port(index, port) for index, port in enumerate(ports))

    def _port(self, index: int, port: int) -> _Port:
        is_input = self._is_a(port, LV2_CORE + "InputPort")
        optional = self._has(port, LV2_CORE + "connectionOptional")
        kind = self._kind(port)
        if not kind and not optional:
            name = self._world.text(self._lilv.lilv_port_get_symbol(self._plugin, port))
            raise EffectError(f"the port '{name}' of this LV2 plugin is of a kind wetprint lacks")
        knob = self._knob(port)
        latency = self._has(port, LV2_CORE + "reportsLatency") or (
            self._get(port, LV2_CORE + "designation") == LV2_CORE + "latency"
        )
        return _Port(
            index,
            kind,
            is_input,
            self._has(port, LV2_CORE + "isSideChain")
            or side_chained(knob.label)
            or side_chained(knob.name),
            latency and not is_input and kind == "control",
            optional,
            self._buffer_bytes(port),
            knob,
        )

    def _kind(self, port: int) -> str:
        kinds = {"audio": "AudioPort", "control": "ControlPort", "cv": "CVPort"}
        for kind, uri in kinds.items():
            if self._is_a(port, LV2_CORE + uri):
                return kind
        return "atom" if self._is_a(port, ATOM + "AtomPort") else ""

    def _buffer_bytes(self, port: int) -> int:
        wanted = self._get(port, "http://lv2plug.in/ns/ext/resize-port#minimumSize")
        try:
            return max(SEQUENCE_BYTES, (int(float(wanted)) + 23) // 8 * 8)
        except ValueError:
            return SEQUENCE_BYTES

    def _knob(self, port: int) -> Knob:
        name = self._world.text(self._lilv.lilv_port_get_symbol(self._plugin, port))
        label = self._world.text(self._lilv.lilv_port_get_name(self._plugin, port)) or name
        default, low, high = self._range(port)
        points = self._world.scale_points(self._plugin, port)
        if self._has(port, LV2_CORE + "enumeration") and points:
            choices, values = zip(*points, strict=True)
            return Knob(name, label, "", values[0], values[-1], default, choices, values)
        if self._has(port, LV2_CORE + "toggled"):
            return Knob(name, label, "", 0.0, 1.0, float(default > 0), ("off", "on"))
        whole = self._has(port, LV2_CORE + "integer")
        return Knob(name, label, self._unit(port), low, high, default, whole=whole)

    def _range(self, port: int) -> tuple[float, float, float]:
        nodes = (c_void_p * 3)()
        addresses = [ctypes.addressof(nodes) + i * ctypes.sizeof(c_void_p) for i in range(3)]
        self._lilv.lilv_port_get_range(self._plugin, port, *addresses)
        told = [_short(self._lilv.lilv_node_as_float(n)) if n else math.nan for n in nodes]
        default, low, high = told
        low = -math.inf if math.isnan(low) else low
        high = math.inf if math.isnan(high) else high
        if math.isnan(default):
            default = min(max(0.0, low), high)
        return default, low, high

    def _unit(self, port: int) -> str:
        unit = self._lilv.lilv_port_get(self._plugin, port, self._world.node(UNITS + "unit"))
        if not unit:
            return ""
        uri = self._world.text(unit)
        if uri.startswith(UNITS):
            return _SHORT_UNITS.get(uri.removeprefix(UNITS), "")
        return self._world.text(self._world.value(unit, UNITS + "symbol"))

    def _get(self, port: int, predicate: str) -> str:
        node = self._lilv.lilv_port_get(self._plugin, port, self._world.node(predicate))
        return self._world.text(node)

    def _has(self, port: int, uri: str) -> bool:
        return self._lilv.lilv_port_has_property(self._plugin, port, self._world.node(uri))

    def _is_a(self, port: int, uri: str) -> bool:
        return self._lilv.lilv_port_is_a(self._plugin, port, self._world.node(uri))


def _short(value: float) -> float:
    """Drop the digits that only single precision added: 0.10000000149 is 0.1."""
    return float(f"{value:.7g}")
