// A delay line whose output returns to its input, the delay changing with every sample.
#pragma once

#include <cstddef>

#include "cpu/interpolation.h"

namespace wetprint {

// out[row][t] = source[row][t] + feedback[row] * out[row](t - delay[row][t]), from t = `lead` on;
// what lies before is the past, which comes in with `out`. Delays are held between the shortest
// that an interpolation can read back and the beginning of the row, before which there is silence.
struct Recirculation {
  Interpolation interpolation;
  int rows;
  std::ptrdiff_t samples;  // of source and delay
  std::ptrdiff_t lead;     // samples of the past that each row of `out` begins with
  const float* feedback;   // one a row
};

void recirculate(const Recirculation& loop, const float* source, const float* delay, float* out, int threads);

// `out` as recirculate() left it. Writes all three gradients; that to the past is left out.
void recirculate_backward(const Recirculation& loop, const float* delay, const float* out, const float* to_out,
                          float* to_source, float* to_delay, float* to_feedback, int threads);

}  // namespace wetprint
