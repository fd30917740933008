// Damped modes driven by one signal, as the inner loop wants them.
#pragma once

namespace wetprint {

// Numbers of a mode stand in runs of `padded` doubles, a multiple of kModeQuantum; what is padded
// is zero, and stays silent.
struct Resonance {
  int padded;
  const double *pole_real, *pole_imaginary, *weight_real, *weight_imaginary;
  double *real, *imaginary;  // the state
  double direct;             // of the signal itself
};

constexpr int kModeQuantum = 8;
constexpr int kMostResonantFrames = 64;

}  // namespace wetprint
