// Reading a delay line at moments between its samples, the delay changing with every sample.
#pragma once

#include <cstddef>

#include "cpu/interpolation.h"

namespace wetprint {

// out[row][t] = line[row](t + lead - delay[row][t]); outside the line is silence.
struct DelayRead {
  Interpolation interpolation;
  int rows;
  std::ptrdiff_t samples;       // of out and delay
  std::ptrdiff_t line_samples;  // of the line
  std::ptrdiff_t lead;          // where in the line a delay of zero reads at t = 0
};

void read_delay_line(const DelayRead& read, const float* line, const float* delay, float* out, int threads);

// Adds to `to_line`, which must come in as zeros, and writes `to_delay`; either may be null.
void read_delay_line_backward(const DelayRead& read, const float* line, const float* delay,
                              const float* to_out, float* to_line, float* to_delay, int threads);

}  // namespace wetprint
