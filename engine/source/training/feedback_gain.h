// The gain of a compressor whose detector hears what the compressor plays, and its adjoint; see
// src/wetprint/engine/feedback_gain.py.
#pragma once

#include <cstddef>

#include "training/gain_detector.h"

namespace wetprint {

inline constexpr int kDetectorRates = 3, kDetectorStates = 4;

// Of one row: `x` holds `samples` amplitudes or squares, `states` becomes (samples, 4), and `gain` is
// in dB.
void feedback_gain(const GainDetector& detector, const DetectorState& past, const float* x,
                   std::ptrdiff_t samples, double* states, float* gain);

struct FeedbackGradients {
  float* x;
  double* rates;   // of the window, the attack and the release
  double* values;  // of the curve
  double* past;    // as the state
};

// All are sums over the row, beside `x`, which is written.
void feedback_gain_backward(const GainDetector& detector, const DetectorState& past,
                            std::ptrdiff_t samples, const double* states, const float* to_gain,
                            const FeedbackGradients& to);

}  // namespace wetprint
