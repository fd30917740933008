"""An octave divider is told from other effects, its trigger is fitted, its filters are solved."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.signal import butter, lfilter

from wetprint.blocks.octave_divider import OctaveDivider, OctaveDividerConfig
from wetprint.engine.octave_trigger import Trigger, count_octaves, silent_state
from wetprint.learning import divided as divided_module
from wetprint.learning.divided import solve_divided
from wetprint.learning.material import Material, Take, validation_esr
from wetprint.learning.octave_crossings import fit_counts, fit_crossings, hear_crossings
from wetprint.learning.octave_windows import OctaveWindows, plain_divider

RATE = 16_000
TRUTH = OctaveDividerConfig(
    lowpass=0.045,
    highpass=0.003,
    compared_lowpass=0.3,
    held_lowpass=0.25,
    attack=0.05,
    release=0.05,
    ratio=0.85,
    threshold=2e-3,
    order=2,
    taps=170,
)


def plucks(seconds: float, seed: int) -> np.ndarray:
    """Decaying notes of some partials, loud and soft, with silence between them."""
    generator = np.random.default_rng(seed)
    audio = np.zeros((1, int(seconds * RATE)), np.float32)
    for start in np.arange(0.1, seconds - 0.5, 0.5):
        time = np.arange(int(0.45 * RATE)) / RATE
        pitch = generator.uniform(80.0, 350.0) * np.arange(1, 7)[:, None]
        partials = np.sin(2.0 * np.pi * (pitch * time + generator.random((6, 1))))
        note = (partials / np.arange(1, 7)[:, None] ** 1.5).sum(0) * np.exp(-4.0 * time)
        at = int(start * RATE)
        audio[0, at : at + len(time)] += note * generator.choice([0.02, 0.1, 0.25])
    return audio


def divided(audio: np.ndarray) -> np.ndarray:
    block = OctaveDivider(TRUTH).requires_grad_(False)
    block.steady.copy_(torch.tensor([0.0, 0.1]))
    block.switched.copy_(torch.tensor([1.0, 0.2]))
    impulse = np.eye(1, TRUTH.taps)[0]
    block.response.copy_(torch.from_numpy(lfilter(*butter(2, 500, fs=RATE), impulse)))
    octave, second = block(torch.from_numpy(audio)[None])[0].numpy()
    second = lfilter(*butter(2, 250, fs=RATE), second)
    return (0.4 * audio + octave + 0.5 * second).astype(np.float32)


def heard(effect) -> Material:
    dry, kept = plucks(12.0, 0), plucks(4.0, 1)
    return Material((Take(dry, effect(dry)),), (Take(kept, effect(kept)),), RATE)


def miscounted(trigger: Trigger, audio: np.ndarray) -> int:
    """Count the waves that one trigger has and the other lacks, within three samples."""
    ours, theirs = (
        np.flatnonzero(np.diff(count_octaves(audio[0], each, silent_state())[0]))
        for each in (trigger, TRUTH.trigger)
    )
    return sum(
        int((np.abs(some[:, None] - others).min(1) > 3).sum())
        for some, others in ((ours, theirs), (theirs, ours))
    )


def missed_samples(trigger: Trigger, audio: np.ndarray) -> float:
    """Return by how many samples a trigger typically counts too early or too late."""
    ours, theirs = (
        np.flatnonzero(np.diff(count_octaves(audio[0], each, silent_state())[0]))
        for each in (trigger, TRUTH.trigger)
    )
    return float(np.minimum(np.abs(ours[:, None] - theirs).min(1), 5).mean())


def test_a_trigger_is_fitted_to_when_it_counted():
    audio = plucks(12.0, 2)
    trigger = dataclasses.replace(TRUTH.trigger, lowpass=0.053, attack=0.06, release=0.06)
    windows = OctaveWindows(audio[0], divided(audio)[0], RATE, False, plain_divider(170, 2, 1))
    counts = windows.count(trigger)
    windows.find_first(counts)
    windows.solve(counts)
    windows.find_second(counts)
    windows.solve(counts, windows.explained(windows.choose(counts), 0.6))
    found = trigger
    for _ in range(5):
        found = fit_crossings(windows, found, hear_crossings(windows, found))
    before, after = missed_samples(trigger, audio), missed_samples(found, audio)
    assert before > 0.8
    assert after < 0.3 * before


def test_counts_decide_between_triggers():
    audio = plucks(6.0, 2)
    windows = OctaveWindows(audio[0], divided(audio)[0], RATE, False, plain_divider(170, 2, 1))
    counts = windows.count(TRUTH.trigger)
    windows.solve(counts)
    windows.find_second(counts)
    windows.solve(counts)
    heard = hear_crossings(windows, TRUTH.trigger)
    trigger = dataclasses.replace(TRUTH.trigger, threshold=1.5e-3)
    found = fit_counts(windows, trigger, heard)
    before, after = miscounted(trigger, audio), miscounted(found, audio)
    assert before > 0
    assert after < before


def test_a_known_divider_is_solved_once_its_trigger_is_fitted(monkeypatch):
    """The search itself is cut short: the trigger is the true one."""
    monkeypatch.setattr(divided_module, "fit_crossings", lambda *_: TRUTH.trigger)
    monkeypatch.setattr(divided_module, "fit_counts", lambda *_: TRUTH.trigger)
    monkeypatch.setattr(divided_module, "HEARD", ((12.0, 2),))
    material = heard(divided)
    chain = solve_divided(material)
    assert chain is not None
    assert validation_esr(chain, material, torch.device("cpu")) < 1e-3


def overdrive(audio: np.ndarray) -> np.ndarray:
    return np.tanh(20.0 * audio + 0.3).astype(np.float32)


def ring_modulation(audio: np.ndarray) -> np.ndarray:
    return (audio * np.sin(np.arange(audio.shape[1]) * 0.05)).astype(np.float32)


def vibrato(audio: np.ndarray) -> np.ndarray:
    place = np.arange(audio.shape[1])
    late = place - 40.0 - 30.0 * np.sin(2.0 * np.pi * 5.0 * place / RATE)
    return np.interp(late, place, audio[0])[None].astype(np.float32)


def rectified(audio: np.ndarray) -> np.ndarray:
    return np.abs(audio).astype(np.float32)


def hiss(audio: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(3).standard_normal(audio.shape)
    return (audio + 0.1 * noise).astype(np.float32)


@pytest.mark.parametrize("effect", [overdrive, ring_modulation, vibrato, rectified, hiss])
def test_what_does_not_divide_is_told_at_once(effect):
    assert solve_divided(heard(effect)) is None
