"""A VST2 plugin through MrsWatson: ``mrswatson:again,preset.fxp?plugin_root=...``.

The identifier is what MrsWatson's own ``--plugin`` takes: a plugin, or several joined by ``;``,
each with an optional ``,preset``. Numbered knobs are parameters of the first plugin
(``?0=0.5`` becomes ``--parameter 0,0.5``).

Written from the options that MrsWatson 0.9.8 documents (``mrswatson --help full``); proven with a
stand-in that records what it is given, not with MrsWatson.
"""

from __future__ import annotations

from pathlib import Path

from wetprint.effects.effect import BLOCK_SAMPLES
from wetprint.effects.hosted import TimeLimits
from wetprint.effects.knob import Knob
from wetprint.effects.programs import ProgramEffect, find_program
from wetprint.effects.spec import EffectSpec
from wetprint.errors import SpecError

VARIABLE = "WETPRINT_MRSWATSON"
PROGRAM_NAMES = ("mrswatson64", "mrswatson")


class MrsWatsonEffect(ProgramEffect):
    """One or more VST2 plugins in MrsWatson.

    Raises:
        EffectError: MrsWatson is missing.
        SpecError: an unknown knob, or a parameter outside 0 to 1.
    """

    # Builds without libaudiofile read 16-bit WAV only; the others keep 24 bits.
    _KNOBS = (
        Knob("bit_depth", "bit depth of the files", "bit", 16, 24, 24, ("16", "24"), (16.0, 24.0)),
    )

    def __init__(self, spec: EffectSpec, limits: TimeLimits) -> None:
        numbered = [(name, value) for name, value in spec.settings if name.isdecimal()]
        roots = [value for name, value in spec.settings if name == "plugin_root"]
        others = tuple(
            (name, value)
            for name, value in spec.settings
            if name != "plugin_root" and not name.isdecimal()
        )
        super().__init__(EffectSpec(spec.scheme, spec.identifier, others), limits)
        self.spec = str(spec)
        self._plugin, self._roots = spec.identifier, roots
        self._bits = int(self._settings.get("bit_depth", 24))
        self._encoding = f"pcm{self._bits}"
        self._parameters = [(name, _position(name, value)) for name, value in numbered]
        self._program = find_program(VARIABLE, PROGRAM_NAMES, "MrsWatson")

    def _arguments(self, dry: Path, wet: Path, sample_rate: int, channels: int) -> list[str]:
        arguments = [self._program, "--input", str(dry), "--output", str(wet)]
        arguments += ["--plugin", self._plugin]
        for root in self._roots:
            arguments += ["--plugin-root", root]
        for name, value in self._parameters:
            arguments += ["--parameter", f"{name},{value:g}"]
        arguments += ["--sample-rate", str(sample_rate), "--blocksize", str(BLOCK_SAMPLES)]
        arguments += ["--channels", str(channels), "--bit-depth", str(self._bits), "--quiet"]
        return arguments


def _position(name: str, text: str) -> float:
    try:
        return Knob(name, name, "", 0.0, 1.0, 0.0).read(text)
    except SpecError as error:
        raise SpecError(f"mrswatson: parameter {error}") from None
