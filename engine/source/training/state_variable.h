// State-variable filters in a row whose cutoff and damping move. See
// src/wetprint/engine/state_variable.py.
#pragma once

#include <cstddef>

#include "cpu/state_variable_section.h"

namespace wetprint {

// Arrays are (rows, samples).
struct StateVariable {
  int rows, sections;
  std::ptrdiff_t samples;
  const float *cutoff, *damping;
};

// `memory` is (rows, sections, 2): it comes in as the past and leaves as what the next samples need.
// `states` is (rows, sections, 2, samples): every section's band-pass and low-pass.
void play_state_variable(const StateVariable& filter, const float* x, float* memory, float* states, int threads);

struct StateVariableGradients {
  float *x, *cutoff, *damping;
};

void play_state_variable_backward(const StateVariable& filter, const float* x, const float* memory,
                                  const float* to_states, const StateVariableGradients& to, int threads);

}  // namespace wetprint
