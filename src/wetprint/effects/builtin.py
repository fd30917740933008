"""Effects that come with pedalboard (``builtin:Chorus?rate_hz=1.2``), nothing to install.

The table says what each knob means and how far it goes; pedalboard has neither units nor ranges
for them. The ranges are where the effect still does what its name says.
"""

from __future__ import annotations

import numpy as np

from wetprint.effects.effect import BLOCK_SAMPLES
from wetprint.effects.hosting import Plugin, PluginFacts
from wetprint.effects.knob import Knob
from wetprint.errors import EffectError, nearest_names
from wetprint.progress import Progress, silent

_LADDER_MODES = ("LPF12", "HPF12", "BPF12", "LPF24", "HPF24", "BPF24")
_RESAMPLING = (
    "ZeroOrderHold",
    "Linear",
    "CatmullRom",
    "Lagrange",
    "WindowedSinc8",
    "WindowedSinc16",
    "WindowedSinc32",
    "WindowedSinc64",
    "WindowedSinc128",
    "WindowedSinc256",
)


def _knob(name: str, unit: str, minimum: float, maximum: float, default: float) -> Knob:
    return Knob(name, name.replace("_", " "), unit, minimum, maximum, default)


def _mix(default: float = 0.5) -> Knob:
    return _knob("mix", "", 0.0, 1.0, default)


def _shelf(name: str, default: float) -> Knob:
    return _knob(name, "Hz", 10.0, 20000.0, default)


_Q = _knob("q", "", 0.05, 40.0, 0.7071067690849304)
_GAIN_DB = _knob("gain_db", "dB", -60.0, 60.0, 0.0)
_TIMES = (_knob("attack_ms", "ms", 0.0, 1000.0, 1.0), _knob("release_ms", "ms", 0.0, 5000.0, 100.0))

BUILTIN: dict[str, tuple[Knob, ...]] = {
    "Bitcrush": (_knob("bit_depth", "bit", 1.0, 32.0, 8.0),),
    "Chorus": (
        _knob("rate_hz", "Hz", 0.01, 99.0, 1.0),
        _knob("depth", "", 0.0, 1.0, 0.25),
        _knob("centre_delay_ms", "ms", 1.0, 100.0, 7.0),
        _knob("feedback", "", -0.99, 0.99, 0.0),
        _mix(),
    ),
    "Clipping": (_knob("threshold_db", "dB", -80.0, 0.0, -6.0),),
    "Compressor": (
        _knob("threshold_db", "dB", -80.0, 0.0, 0.0),
        _knob("ratio", ":1", 1.0, 100.0, 1.0),
        *_TIMES,
    ),
    "Delay": (
        _knob("delay_seconds", "s", 0.0, 30.0, 0.5),
        _knob("feedback", "", 0.0, 0.99, 0.0),
        _mix(),
    ),
    "Distortion": (_knob("drive_db", "dB", -20.0, 80.0, 25.0),),
    "GSMFullRateCompressor": (),
    "Gain": (_knob("gain_db", "dB", -120.0, 60.0, 1.0),),
    "HighShelfFilter": (_shelf("cutoff_frequency_hz", 440.0), _GAIN_DB, _Q),
    "HighpassFilter": (_shelf("cutoff_frequency_hz", 50.0),),
    "Invert": (),
    "LadderFilter": (
        Knob("mode", "mode", "", 0, len(_LADDER_MODES) - 1, 0, _LADDER_MODES),
        _knob("cutoff_hz", "Hz", 10.0, 20000.0, 200.0),
        _knob("resonance", "", 0.0, 1.0, 0.0),
        _knob("drive", "", 1.0, 100.0, 1.0),
    ),
    "Limiter": (_knob("threshold_db", "dB", -80.0, 0.0, -10.0), _TIMES[1]),
    "LowShelfFilter": (_shelf("cutoff_frequency_hz", 440.0), _GAIN_DB, _Q),
    "LowpassFilter": (_shelf("cutoff_frequency_hz", 50.0),),
    "MP3Compressor": (_knob("vbr_quality", "", 0.0, 10.0, 2.0),),
    "NoiseGate": (
        _knob("threshold_db", "dB", -120.0, 0.0, -100.0),
        _knob("ratio", ":1", 1.0, 100.0, 10.0),
        *_TIMES,
    ),
    "PeakFilter": (_shelf("cutoff_frequency_hz", 440.0), _GAIN_DB, _Q),
    "Phaser": (
        _knob("rate_hz", "Hz", 0.01, 99.0, 1.0),
        _knob("depth", "", 0.0, 1.0, 0.5),
        _knob("centre_frequency_hz", "Hz", 20.0, 20000.0, 1300.0),
        _knob("feedback", "", -0.99, 0.99, 0.0),
        _mix(),
    ),
    "PitchShift": (_knob("semitones", "semitones", -72.0, 72.0, 0.0),),
    "Resample": (
        _knob("target_sample_rate", "Hz", 100.0, 192000.0, 8000.0),
        Knob("quality", "quality", "", 0, len(_RESAMPLING) - 1, 6, _RESAMPLING),
    ),
    "Reverb": (
        _knob("room_size", "", 0.0, 1.0, 0.5),
        _knob("damping", "", 0.0, 1.0, 0.5),
        _knob("wet_level", "", 0.0, 1.0, 0.33),
        _knob("dry_level", "", 0.0, 1.0, 0.4),
        _knob("width", "", 0.0, 1.0, 1.0),
        _knob("freeze_mode", "", 0.0, 1.0, 0.0),
    ),
}
# Reverb makes its two sides differ; every other one treats each channel alike.
_STEREO = ("Reverb",)


class BuiltinPlugin(Plugin):
    """One of pedalboard's own effects.

    Raises:
        EffectError: pedalboard has none of that name.
    """

    def __init__(self, identifier: str) -> None:
        if identifier not in BUILTIN:
            near = nearest_names(identifier, BUILTIN)
            raise EffectError(f"there is no built-in effect '{identifier}'{near}")
        self._name = identifier

    def facts(self) -> PluginFacts:
        """Say what it is, from the table."""
        channels = 2 if self._name in _STEREO else 1
        return PluginFacts(self._name, BUILTIN[self._name], channels, channels)

    def play(
        self,
        audio: np.ndarray,
        sample_rate: int,
        settings: dict[str, float],
        progress: Progress = silent,
    ) -> np.ndarray:
        """Play it; pedalboard compensates the latency."""
        import pedalboard

        effect_class = getattr(pedalboard, self._name)
        # GSMFullRateCompressor holds its own resampler, whose quality is left as it is.
        chosen = {
            knob.name: self._value(effect_class, knob, settings.get(knob.name, knob.default))
            for knob in BUILTIN[self._name]
        }
        effect = effect_class(**chosen)
        return effect.process(np.array(audio), sample_rate, BLOCK_SAMPLES, reset=True)

    @staticmethod
    def _value(effect_class: type, knob: Knob, value: float) -> object:
        if knob.choices is None:
            return value
        return getattr(effect_class, knob.name.title()).__members__[knob.choices[int(value)]]
