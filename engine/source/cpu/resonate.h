// The recursion of damped modes: state = pole * state + sample, the sample becoming the weighted sum
// of what every mode does. In double precision, since modes may last for seconds.
#pragma once

#include "cpu/resonance.h"
#include "cpu/simd.h"

namespace {

constexpr int kDoubles = kLanes / 2;
using DoubleVector = double __attribute__((vector_size(kDoubles * sizeof(double))));

inline DoubleVector load(const double* at) {
  DoubleVector value;
  __builtin_memcpy(&value, at, sizeof value);
  return value;
}
inline void store(double* at, DoubleVector value) { __builtin_memcpy(at, &value, sizeof value); }

// Advances kVectors vectors of modes over all frames, their states in registers, and adds what they
// do to `sums`.
template <int kVectors>
inline void resonate_tile(const wetprint::Resonance& modes, int first, const float* samples,
                          DoubleVector* sums, int frames) {
  DoubleVector pole_real[kVectors], pole_imaginary[kVectors], weight_real[kVectors];
  DoubleVector weight_imaginary[kVectors], real[kVectors], imaginary[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const int at = first + v * kDoubles;
    pole_real[v] = load(modes.pole_real + at);
    pole_imaginary[v] = load(modes.pole_imaginary + at);
    weight_real[v] = load(modes.weight_real + at);
    weight_imaginary[v] = load(modes.weight_imaginary + at);
    real[v] = load(modes.real + at);
    imaginary[v] = load(modes.imaginary + at);
  }
  for (int frame = 0; frame < frames; ++frame) {
    const DoubleVector now = static_cast<double>(samples[frame]) - DoubleVector{};
    DoubleVector sum = sums[frame];
    for (int v = 0; v < kVectors; ++v) {
      const DoubleVector a = pole_real[v] * real[v] - pole_imaginary[v] * imaginary[v] + now;
      imaginary[v] = pole_real[v] * imaginary[v] + pole_imaginary[v] * real[v];
      real[v] = a;
      sum += weight_real[v] * a - weight_imaginary[v] * imaginary[v];
    }
    sums[frame] = sum;
  }
  for (int v = 0; v < kVectors; ++v) {
    store(modes.real + first + v * kDoubles, real[v]);
    store(modes.imaginary + first + v * kDoubles, imaginary[v]);
  }
}

void resonate(const wetprint::Resonance& modes, float* samples, int frames) {
  constexpr int kTile = 4;
  DoubleVector sums[wetprint::kMostResonantFrames];
  for (int frame = 0; frame < frames; ++frame) sums[frame] = DoubleVector{};
  int first = 0;
  for (; first + kTile * kDoubles <= modes.padded; first += kTile * kDoubles) {
    resonate_tile<kTile>(modes, first, samples, sums, frames);
  }
  for (; first < modes.padded; first += kDoubles) {
    resonate_tile<1>(modes, first, samples, sums, frames);
  }
  for (int frame = 0; frame < frames; ++frame) {
    double sum = modes.direct * static_cast<double>(samples[frame]);
    for (int lane = 0; lane < kDoubles; ++lane) sum += sums[frame][lane];
    samples[frame] = static_cast<float>(sum);
  }
}

}  // namespace
