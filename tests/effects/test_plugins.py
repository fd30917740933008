"""Real plugins through every host, and what is found on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from wetprint.effects import Effect, describe, installed_effects, measure_latency, open_effect
from wetprint.effects.builtin import BUILTIN
from wetprint.errors import EffectError, SpecError

from .conftest import installed_specs, missing

SAMPLE_RATE = 48000

GUITARIX = "lv2:http://guitarix.sourceforge.net/plugins/"
REAL = {
    "lv2 mono drive": GUITARIX + "gx_mxrdist_#_mxrdist_?DRIVE=0.7&VOLUME=0.5",
    "lv2 worker": GUITARIX + "gx_amp#GUITARIX?model=14&PreGain=6&Drive=0.5&t_model=5&c_model=4x12",
    "lv2 stereo filter": "lv2:http://calf.sourceforge.net/plugins/Filter?freq=1200&res=1.5&mode=1",
    "lv2 reported latency": "lv2:http://breakfastquay.com/rdf/lv2-rubberband#mono?semitones=-12",
    "lv2 reverb": "lv2:urn:dragonfly:plate",
    "vst3 mono": "vst3:/usr/lib/vst3/ZamTube.vst3?tube_drive=6&input_level=6",
    "vst3 stereo": "vst3:/usr/lib/vst3/ZaMaximX2.vst3",
    "vst2 mono": "vst2:/usr/lib/vst/ZamTube-vst.so?tube_drive=0.6",
    "vst2 stereo": "vst2:/usr/lib/vst/ZaMaximX2-vst.so",
    "ladspa": "ladspa:/usr/lib/ladspa/caps.so:ChorusI?rate%20(Hz)=0.9",
}
OUTPUTS = {name: 2 if "stereo" in name or "reverb" in name else 1 for name in REAL}


@pytest.mark.parametrize("name", REAL)
def test_real_plugins_play(name: str, plugin: Callable[[str], Effect], sound: np.ndarray) -> None:
    effect = plugin(REAL[name])
    wet = effect.process(sound, SAMPLE_RATE)
    assert wet.shape == (OUTPUTS[name], sound.shape[1])
    assert np.isfinite(wet).all()
    change = float(((wet - sound) ** 2).sum() / (sound**2).sum())
    assert 1e-4 < change < 100 or name.endswith(" stereo")
    np.testing.assert_allclose(effect.process(sound, SAMPLE_RATE), wet, atol=1e-5)


def test_a_low_pass_passes_low_and_stops_high(plugin: Callable[[str], Effect]) -> None:
    """Calf's 24 dB/octave low-pass at 1200 Hz: 12 kHz lies 3.3 octaves above, about -80 dB."""
    effect = plugin(REAL["lv2 stereo filter"])
    seconds = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for frequency_hz, low, high in ((100.0, -1.0, 1.0), (12000.0, -120.0, -60.0)):
        sine = (0.5 * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32)[None]
        wet = effect.process(sine, SAMPLE_RATE)[0, SAMPLE_RATE // 2 :]
        gain_db = 20 * np.log10(np.abs(wet).max() / 0.5)
        assert low < gain_db < high


@pytest.mark.parametrize("spec", [REAL["vst3 stereo"], REAL["vst2 stereo"]])
def test_the_latency_that_plugins_report_is_compensated(
    spec: str, plugin: Callable[[str], Effect], sound: np.ndarray
) -> None:
    """A limiter that looks 480 samples ahead and here has nothing to limit."""
    wet = plugin(spec).process(0.1 * sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet, np.repeat(0.1 * sound, 2, axis=0), atol=1e-6)


def test_the_lag_of_a_pedal_is_found(plugin: Callable[[str], Effect]) -> None:
    """Its oversampling filters delay by 32 samples, its tone filter puts the peak at 33."""
    latency = measure_latency(plugin(REAL["lv2 mono drive"]))
    assert latency.samples == pytest.approx(32, abs=1)
    assert latency.peak_samples == pytest.approx(33, abs=1)
    assert (latency.polarity, latency.confidence) == (1, 1.0)


def test_knobs_of_real_plugins_carry_units_and_choices(plugin: Callable[[str], Effect]) -> None:
    plate = {knob.name: knob for knob in plugin(REAL["lv2 reverb"]).knobs()}
    assert (plate["low_cut"].unit, plate["low_cut"].minimum) == ("Hz", 0.0)
    cabinets = {knob.name: knob for knob in plugin(REAL["lv2 worker"]).knobs()}["c_model"]
    assert cabinets.read("4x12") == 0.0
    with pytest.raises(SpecError, match="'4x12' \\(0\\)"):
        cabinets.read("5x12")
    tube = {knob.name: knob for knob in plugin(REAL["vst3 mono"]).knobs()}
    assert (tube["tube_drive"].minimum, tube["tube_drive"].maximum) == pytest.approx((0.1, 11))


def test_a_plugin_with_slow_programs_is_described_quickly(plugin: Callable[[str], Effect]) -> None:
    """It loads a room for each program; asked a thousand times, that took minutes."""
    begin = time.monotonic()
    room = {knob.name: knob for knob in plugin("vst3:/usr/lib/vst3/ZamVerb.vst3").knobs()}["room"]
    assert (room.minimum, room.maximum) == (0.0, 6.0)
    assert time.monotonic() - begin < 60


def test_missing_plugins_are_named_with_the_nearest() -> None:
    if not any(spec.startswith("lv2:") for spec in installed_specs()):
        missing("every LV2 plugin")
    with pytest.raises(EffectError, match="there is no LV2 plugin 'urn:dragonfly:plat'"):
        open_effect("lv2:urn:dragonfly:plat")
    with pytest.raises(EffectError, match="there is no plugin 'NoSuch'"):
        open_effect("vst3:NoSuch")


def test_hosts_are_listed_in_the_order_of_schemes_with_their_plugins() -> None:
    from wetprint.effects.spec import SCHEMES

    hosts = installed_effects()
    assert [host.scheme for host in hosts] == list(SCHEMES)
    builtin = next(host for host in hosts if host.scheme == "builtin")
    assert "builtin:Chorus" in [effect.spec for effect in builtin.effects]
    for host in hosts:
        assert all(effect.spec.startswith(host.scheme + ":") for effect in host.effects)


def test_a_chain_is_described_effect_by_effect() -> None:
    gain, reverb = describe("builtin:Gain?gain_db=3 | builtin:Reverb")
    assert (gain.spec, gain.inputs, gain.outputs) == ("builtin:Gain?gain_db=3", 1, 1)
    assert (reverb.inputs, reverb.outputs) == (2, 2)
    (knob,) = gain.knobs
    assert (knob.name, knob.unit, knob.default) == ("gain_db", "dB", 1.0)


def test_gain_is_gain(sound: np.ndarray) -> None:
    wet = open_effect("builtin:Gain?gain_db=-20").process(sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet, 0.1 * sound, rtol=1e-5)


def test_distortion_is_the_hyperbolic_tangent(sound: np.ndarray) -> None:
    wet = open_effect("builtin:Distortion?drive_db=20").process(sound, SAMPLE_RATE)
    np.testing.assert_allclose(wet, np.tanh(10 * sound), atol=1e-5)


def test_the_table_of_built_in_effects_says_what_pedalboard_does() -> None:
    """In one process: each effect exists, takes each knob, and starts at the default told."""
    import pedalboard

    assert len(BUILTIN) > 15
    for name, knobs in BUILTIN.items():
        effect_class = getattr(pedalboard, name)
        effect = effect_class()
        for knob in knobs:
            if knob.choices is None:
                assert getattr(effect, knob.name) == pytest.approx(knob.default, rel=1e-5), name
                for end in (knob.minimum, knob.maximum):
                    effect_class(**{knob.name: end})
            else:
                assert getattr(effect, knob.name).name == knob.choices[int(knob.default)], name


@pytest.mark.parametrize(
    "name", ["Chorus", "LadderFilter?mode=HPF24", "Reverb", "PitchShift", "Resample"]
)
def test_built_in_effects_play(name: str, sound: np.ndarray) -> None:
    wet = open_effect(f"builtin:{name}").process(sound, SAMPLE_RATE)
    assert wet.shape == (2 if name == "Reverb" else 1, sound.shape[1])
    assert 0.001 < float((wet**2).mean() / (sound**2).mean()) < 10
