"""The process a plugin lives and dies in: ``python -m wetprint.effects.worker REQUEST ANSWERS``.

The request is a JSON file; sound comes and goes as raw float32 files, (channel, time).
Answers are JSON lines on a descriptor of their own, because plugins print on both standard ones.
A worker does one thing (describe, play or list) and ends, so that no state of a plugin outlives a
render.

    {"task": "play", "scheme": "lv2", "identifier": "...", "settings": {...},
     "sample_rate": 48000, "dry": "dry.f32", "channels": 1, "wet": "wet.f32"}
    -> {"loaded": true} {"fraction": 0.5} {"done": ...} or {"error": "one sentence"}
"""

from __future__ import annotations

import ctypes
import dataclasses
import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from wetprint.effects.hosting import Plugin, StartError, save_sound
from wetprint.errors import WetprintError

_PR_SET_PDEATHSIG = 1

PLUGIN_CLASSES = {
    "vst3": ("wetprint.effects.vst3", "Vst3Plugin"),
    "vst2": ("wetprint.effects.vst2", "Vst2Plugin"),
    "lv2": ("wetprint.effects.lv2", "Lv2Plugin"),
    "ladspa": ("wetprint.effects.ladspa", "LadspaPlugin"),
    "builtin": ("wetprint.effects.builtin", "BuiltinPlugin"),
}


def load_plugin(scheme: str, identifier: str) -> Plugin:
    """Construct the plugin that a spec names. Its code runs here: only call this in a worker."""
    module, name = PLUGIN_CLASSES[scheme]
    return getattr(import_module(module), name)(identifier)


def main(arguments: list[str]) -> int:
    """Do what the request says; the answer file tells how it went."""
    request_path, answers_path = arguments
    _die_with_parent()
    request = json.loads(Path(request_path).read_text("utf-8"))
    descriptor = os.open(answers_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def answer(**fields: Any) -> None:
        os.write(descriptor, (json.dumps(fields) + "\n").encode())

    try:
        done = TASKS[request["task"]](request, answer)
    except Exception as error:
        answer(
            error=_sentence(error),
            quote=isinstance(error, StartError) or not isinstance(error, WetprintError),
            full_disk=getattr(error, "errno", 0) == errno.ENOSPC,
        )
    else:
        answer(done=done)
    # Plugins may hang or crash in their destructors, when everything has long been said.
    os._exit(0)


def describe(request: dict[str, Any], answer: Callable[..., None]) -> dict[str, Any]:
    """Answer with the plugin's facts."""
    return dataclasses.asdict(load_plugin(request["scheme"], request["identifier"]).facts())


def play(request: dict[str, Any], answer: Callable[..., None]) -> dict[str, Any]:
    """Play one sound file into another."""
    plugin = load_plugin(request["scheme"], request["identifier"])
    answer(loaded=True)
    dry = np.memmap(request["dry"], np.float32, mode="r").reshape(request["channels"], -1)

    def progress(stage: str, fraction: float, detail: str = "") -> None:
        answer(fraction=fraction)

    wet = plugin.play(dry, request["sample_rate"], request["settings"], progress)
    save_sound(Path(request["wet"]), wet)
    return {"channels": int(wet.shape[0])}


def listing(request: dict[str, Any], answer: Callable[..., None]) -> list[list[str]]:
    """Answer with the LV2 plugins installed: pairs of URI and name."""
    from wetprint.effects.lilv import installed_plugins

    return [list(pair) for pair in installed_plugins()]


TASKS: dict[str, Callable[[dict[str, Any], Callable[..., None]], Any]] = {
    "describe": describe,
    "play": play,
    "list": listing,
}


def _sentence(error: Exception) -> str:
    if isinstance(error, WetprintError):
        return str(error)
    return f"failed in its host ({type(error).__name__}: {' '.join(str(error).split())[:300]})"


def _die_with_parent() -> None:
    """Ask Linux to kill this process when its parent is killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
