// A cascade of first-order allpass stages whose break frequency moves, in a loop: a phaser. See
// src/wetprint/engine/allpass.py.
#pragma once

#include <cstddef>

#include "cpu/allpass_stage.h"

namespace wetprint {

// Arrays are (rows, samples) and (rows, stages). `turn` is tanh(u / 2), with u the logarithm of the
// break frequency, and `spread` is the same of what each stage adds to u.
struct AllpassCascade {
  int rows, stages;
  std::ptrdiff_t samples;
  const float *turn, *spread;
  const float* feedback;  // one a row
};

// `memory` is (rows, stages + 1): what entered the cascade last, then what each stage returned last.
// It comes in as the past and leaves as what the next samples need.
void play_allpass(const AllpassCascade& cascade, const float* x, float* memory, float* y, int threads);

struct AllpassGradients {
  float *x, *turn, *spread, *feedback;
};

void play_allpass_backward(const AllpassCascade& cascade, const float* x, const float* memory, const float* to_y,
                           const AllpassGradients& to, int threads);

// How the output of the only row changes with u along `count` directions, (samples, count), with
// the feedback, and with what each stage adds to u: (samples, count + 1 + stages).
void allpass_tangents(const AllpassCascade& cascade, const float* x, const float* memory, int count,
                      const float* directions, float* tangents);

}  // namespace wetprint
