"""What an effect is driven with: the study's notes, playing, the mixture of both, the capture."""

from wetprint.signals.capture import capture_signal, excitation, write_capture
from wetprint.signals.capture_map import CaptureMap, Section, read_capture_map
from wetprint.signals.excitations import exponential_sweep
from wetprint.signals.material import read_training_audio
from wetprint.signals.mixture import training_mixture
from wetprint.signals.playing import playing
from wetprint.signals.study import study_track, write_study_tracks

__all__ = [
    "CaptureMap",
    "Section",
    "capture_signal",
    "excitation",
    "exponential_sweep",
    "playing",
    "read_capture_map",
    "read_training_audio",
    "study_track",
    "training_mixture",
    "write_capture",
    "write_study_tracks",
]
