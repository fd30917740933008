"""What an LV2 host lends its plugins: numbers for URIs, options, and a worker.

The structures are those of the LV2 1.18 headers (urid.h, options.h, worker.h, log.h), ISC
licence. Work that a plugin schedules is done between two runs, in the same thread and in order:
no other host is as reproducible, and offline there is nothing to wait for.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import CFUNCTYPE, Structure, c_char_p, c_float, c_int32, c_uint32, c_void_p
from typing import Any, ClassVar

ATOM = "http://lv2plug.in/ns/ext/atom#"
_BUF_SIZE = "http://lv2plug.in/ns/ext/buf-size#"
_OPTIONS = "http://lv2plug.in/ns/ext/options#options"
_SAMPLE_RATE = "http://lv2plug.in/ns/ext/parameters#sampleRate"
_LOG = "http://lv2plug.in/ns/ext/log#log"
_MAP = "http://lv2plug.in/ns/ext/urid#map"
_UNMAP = "http://lv2plug.in/ns/ext/urid#unmap"
_SCHEDULE = "http://lv2plug.in/ns/ext/worker#schedule"
_WORKER = "http://lv2plug.in/ns/ext/worker#interface"
LOAD_DEFAULT_STATE = "http://lv2plug.in/ns/ext/state#loadDefaultState"
# True of this host without anything to hand over.
_PROMISES = (
    _BUF_SIZE + "boundedBlockLength",
    _BUF_SIZE + "fixedBlockLength",
    _BUF_SIZE + "powerOf2BlockLength",
    _BUF_SIZE + "coarseBlockLength",
    LOAD_DEFAULT_STATE,
    "http://lv2plug.in/ns/ext/state#threadSafeRestore",
    "http://lv2plug.in/ns/lv2core#hardRTCapable",
    "http://lv2plug.in/ns/lv2core#inPlaceBroken",
)
SUPPORTED = frozenset((*_PROMISES, _OPTIONS, _LOG, _MAP, _UNMAP, _SCHEDULE))
SEQUENCE_BYTES = 1 << 16

_MapFunction = CFUNCTYPE(c_uint32, c_void_p, c_char_p)
_UnmapFunction = CFUNCTYPE(c_void_p, c_void_p, c_uint32)
_Schedule = CFUNCTYPE(c_int32, c_void_p, c_uint32, c_void_p)
_Respond = CFUNCTYPE(c_int32, c_void_p, c_uint32, c_void_p)
_LogFunction = CFUNCTYPE(c_int32, c_void_p, c_uint32, c_char_p)


class Feature(Structure):
    """LV2_Feature."""

    _fields_: ClassVar = [("uri", c_char_p), ("data", c_void_p)]


class _Callback(Structure):
    """Any of the structures that hold a handle and one or two functions."""

    _fields_: ClassVar = [("handle", c_void_p), ("first", c_void_p), ("second", c_void_p)]


class _Option(Structure):
    _fields_: ClassVar = [
        ("context", c_uint32),
        ("subject", c_uint32),
        ("key", c_uint32),
        ("size", c_uint32),
        ("type", c_uint32),
        ("value", c_void_p),
    ]


class _WorkerInterface(Structure):
    _fields_: ClassVar = [
        ("work", CFUNCTYPE(c_int32, c_void_p, _Respond, c_void_p, c_uint32, c_void_p)),
        ("work_response", CFUNCTYPE(c_int32, c_void_p, c_uint32, c_void_p)),
        ("end_run", CFUNCTYPE(c_int32, c_void_p)),
    ]


class Uris:
    """Numbers for URIs (the urid extension)."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._texts: list[Any] = []
        self.map_function = _MapFunction(lambda _, uri: self._number(uri))
        self.unmap_function = _UnmapFunction(lambda _, number: self._text(number))

    def number(self, uri: str) -> int:
        """Give the number of a URI, a new one the first time."""
        return self._number(uri.encode())

    def _number(self, uri: bytes) -> int:
        if uri not in self._numbers:
            self._texts.append(ctypes.create_string_buffer(uri))
            self._numbers[uri] = len(self._texts)
        return self._numbers[uri]

    def _text(self, number: int) -> int | None:
        if not 1 <= number <= len(self._texts):
            return None
        return ctypes.addressof(self._texts[number - 1])


class Worker:
    """The worker extension, done in turn: work after a run, its answers right after it."""

    def __init__(self) -> None:
        self._jobs: list[bytes] = []
        self._answers: list[bytes] = []
        self._interface: _WorkerInterface | None = None
        self._handle: int | None = None
        self.schedule_function = _Schedule(lambda _, size, data: self._take(self._jobs, size, data))
        self._respond = _Respond(lambda _, size, data: self._take(self._answers, size, data))

    def serve(self, handle: int, interface: int | None) -> None:
        """Work for this instance from now on (``interface`` is its extension data, if any)."""
        self._handle = handle
        if interface:
            self._interface = _WorkerInterface.from_address(interface)

    def after_run(self) -> None:
        """Do what was scheduled, hand over the answers, and end the run."""
        plugin = self._interface
        if plugin is None:
            return
        jobs, self._jobs = self._jobs, []
        for job in jobs:
            plugin.work(self._handle, self._respond, None, len(job), _address(job))
        answers, self._answers = self._answers, []
        for answer in answers:
            if plugin.work_response:
                plugin.work_response(self._handle, len(answer), _address(answer))
        if plugin.end_run:
            plugin.end_run(self._handle)

    @staticmethod
    def _take(queue: list[bytes], size: int, data: int | None) -> int:
        queue.append(ctypes.string_at(data, size) if data and size else b"")
        return 0


class Features:
    """The features handed to a plugin when it is started; keep this alive as long as it."""

    def __init__(self, sample_rate: int, block_samples: int) -> None:
        self.uris, self.worker = Uris(), Worker()
        self._kept: list[Any] = []
        callbacks = {
            _MAP: (self.uris.map_function, None),
            _UNMAP: (self.uris.unmap_function, None),
            _SCHEDULE: (self.worker.schedule_function, None),
            _LOG: (_LogFunction(_print_log), _LogFunction(_print_log)),
        }
        features = [Feature(uri.encode(), None) for uri in _PROMISES]
        for uri, functions in callbacks.items():
            features.append(Feature(uri.encode(), self._callback(*functions)))
        self.map_address = features[len(_PROMISES)].data
        options = self._options(sample_rate, block_samples)
        features.append(Feature(_OPTIONS.encode(), ctypes.addressof(options)))
        pointers = [ctypes.addressof(feature) for feature in features]
        self._kept += [features, options]
        self.array = (c_void_p * (len(pointers) + 1))(*pointers, None)

    def worker_uri(self) -> bytes:
        """Give the URI of the extension data that a plugin with a worker offers."""
        return _WORKER.encode()

    def _callback(self, first: Any, second: Any) -> int:
        pointers = [
            ctypes.cast(function, c_void_p) if function else None for function in (first, second)
        ]
        structure = _Callback(None, *pointers)
        self._kept += [first, second, structure]
        return ctypes.addressof(structure)

    def _options(self, sample_rate: int, block_samples: int) -> Any:
        whole, real = self.uris.number(ATOM + "Int"), self.uris.number(ATOM + "Float")
        told: list[tuple[str, int, Any]] = [
            (_BUF_SIZE + "minBlockLength", whole, c_int32(block_samples)),
            (_BUF_SIZE + "maxBlockLength", whole, c_int32(block_samples)),
            (_BUF_SIZE + "nominalBlockLength", whole, c_int32(block_samples)),
            (_BUF_SIZE + "sequenceSize", whole, c_int32(SEQUENCE_BYTES)),
            (_SAMPLE_RATE, real, c_float(sample_rate)),
        ]
        options = (_Option * (len(told) + 1))()
        for option, (uri, kind, value) in zip(options, told, strict=False):
            option.key, option.size, option.type = self.uris.number(uri), 4, kind
            option.value = ctypes.addressof(value)
            self._kept.append(value)
        return options


def _address(data: bytes) -> int | None:
    return ctypes.cast(c_char_p(data), c_void_p).value if data else None


def _print_log(handle: int | None, kind: int, message: bytes | None) -> int:
    sys.stderr.write((message or b"").decode("utf-8", errors="replace"))
    return 0
