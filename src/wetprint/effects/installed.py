"""What can be hosted here: hosts, the plugins installed for them, and a plugin's knobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from wetprint.effects.hosted import TimeLimits, ask_worker
from wetprint.effects.hosting import plugin_files
from wetprint.effects.knob import Knob
from wetprint.effects.opening import open_effect
from wetprint.effects.processes import scratch_folder
from wetprint.effects.spec import EffectSpec, format_spec, parse_spec
from wetprint.errors import EffectError

_LISTING_LIMIT_S = 60.0


@dataclass(frozen=True)
class InstalledEffect:
    """An effect found on this machine.

    Attributes:
        spec: how it is written; for a LADSPA file this may still lack the plugin's label.
        title: its name for people.
    """

    spec: str
    title: str


@dataclass(frozen=True)
class InstalledHost:
    """A host and what it finds here.

    Attributes:
        scheme: the first word of its specs.
        title: what it hosts, in words.
        available: whether it can be used on this machine.
        note: why not, or how it is used.
        effects: what it found, sorted; empty for hosts that take files of your own.
    """

    scheme: str
    title: str
    available: bool
    note: str
    effects: tuple[InstalledEffect, ...] = ()


@dataclass(frozen=True)
class Description:
    """One effect of a spec, described.

    Attributes:
        spec: how it is written.
        knobs: its settings with unit, range and default.
        inputs: channels it takes, or None when it takes one as well as two.
        outputs: channels it gives for one channel, or None when it gives what it gets.
    """

    spec: str
    knobs: tuple[Knob, ...]
    inputs: int | None
    outputs: int | None


def describe(spec: str, timeout_seconds: float | None = None) -> tuple[Description, ...]:
    """Describe each effect of a spec: knobs, channels. Plugins are asked in a worker process.

    Raises:
        SpecError, EffectError: as `open_effect`.
    """
    described = []
    for stage in parse_spec(spec):
        effect = open_effect(stage, timeout_seconds)
        described.append(Description(effect.spec, effect.knobs(), effect.inputs, effect.outputs))
    return tuple(described)


def installed_effects() -> tuple[InstalledHost, ...]:
    """List every host and what it finds on this machine, without running any plugin.

    VST3, VST2 and LADSPA are found by their files, LV2 by its descriptions, read in a worker.
    """
    return tuple(host() for host in _HOSTS)


def _vst3() -> InstalledHost:
    from wetprint.effects.vst3 import SUFFIXES, folders

    found = _by_file("vst3", folders(), SUFFIXES)
    return InstalledHost("vst3", "VST3 plugins", True, f"{len(found)} found", found)


def _lv2() -> InstalledHost:
    try:
        with scratch_folder() as folder:
            limits = TimeLimits.of(_LISTING_LIMIT_S)
            pairs = ask_worker({"task": "list"}, folder, "the list of LV2 plugins", limits, 0.0)
    except EffectError as error:
        return InstalledHost("lv2", "LV2 plugins", False, str(error))
    found = tuple(InstalledEffect(format_spec(EffectSpec("lv2", u)), name) for u, name in pairs)
    return InstalledHost("lv2", "LV2 plugins", True, f"{len(found)} found", found)


def _vst2() -> InstalledHost:
    from wetprint.effects.vst2 import SUFFIXES, folders

    found = _by_file("vst2", folders(), SUFFIXES)
    available = find_spec("dawdreamer") is not None
    note = f"{len(found)} found" if available else "needs: pip install 'wetprint[vst2]'"
    return InstalledHost("vst2", "VST2 plugins", available, note, found)


def _ladspa() -> InstalledHost:
    from wetprint.effects.ladspa import SUFFIXES, folders

    found = _by_file("ladspa", folders(), SUFFIXES)
    note = f"{len(found)} files found; of a file with several plugins name one after a colon"
    return InstalledHost("ladspa", "LADSPA plugins", True, note, found)


def _builtin() -> InstalledHost:
    from wetprint.effects.builtin import BUILTIN

    found = tuple(InstalledEffect(f"builtin:{name}", name) for name in sorted(BUILTIN))
    return InstalledHost("builtin", "built-in effects", True, "always there", found)


def _command() -> InstalledHost:
    note = "command:PROGRAM ... {in} ... {out} ..."
    return InstalledHost("command", "any program with {in} and {out}", True, note)


def _ir() -> InstalledHost:
    return InstalledHost("ir", "impulse responses", True, "ir:FILE, mono or stereo")


def _reaper() -> InstalledHost:
    from wetprint.effects.reaper import PROGRAM_NAMES, VARIABLE

    title, use = "REAPER effect chains", "reaper:FILE"
    return _program("reaper", title, "REAPER", VARIABLE, PROGRAM_NAMES, use)


def _mrswatson() -> InstalledHost:
    from wetprint.effects.mrswatson import PROGRAM_NAMES, VARIABLE

    title, use = "VST2 plugins through MrsWatson", "mrswatson:PLUGIN[,PRESET]"
    return _program("mrswatson", title, "MrsWatson", VARIABLE, PROGRAM_NAMES, use)


def _wetprint() -> InstalledHost:
    return InstalledHost("wetprint", "learned models", True, "wetprint:FILE.wetprint")


_HOSTS: tuple[Callable[[], InstalledHost], ...] = (
    _vst3,
    _lv2,
    _vst2,
    _ladspa,
    _builtin,
    _command,
    _ir,
    _reaper,
    _mrswatson,
    _wetprint,
)


def _by_file(
    scheme: str, folders: list[Path], suffixes: tuple[str, ...]
) -> tuple[InstalledEffect, ...]:
    files = sorted(plugin_files(folders, suffixes), key=lambda path: path.name.casefold())
    return tuple(
        InstalledEffect(format_spec(EffectSpec(scheme, str(path))), path.stem) for path in files
    )


def _program(
    scheme: str, title: str, what: str, variable: str, names: tuple[str, ...], use: str
) -> InstalledHost:
    from wetprint.effects.programs import find_program

    try:
        program = find_program(variable, names, what)
    except EffectError as error:
        return InstalledHost(scheme, title, False, str(error))
    return InstalledHost(scheme, title, True, f"{use}, played by {program}")
