// Recursions in time over rows of samples, and their adjoints: all-pole filters and the envelope
// follower of a compressor. Every row has its own coefficients and its own past; where they are
// shared, the caller repeats them and sums their gradients.
#pragma once

#include <cstddef>

namespace wetprint {

// y[t] = x[t] - sum over k of feedback[k] y[t - 1 - k], with y[-1 - k] = past[k].
// Arrays are (rows, samples) and (rows, order).
struct AllPole {
  int rows, order;
  std::ptrdiff_t samples;
  const float* feedback;
  const float* past;
};

void all_pole(const AllPole& filter, const float* x, float* y, int threads);

// The adjoint is the same recursion run backwards (Yu et al. 2024, arXiv:2404.07970, section 3).
// `to_x` is always written, the other two are sums over it.
void all_pole_backward(const AllPole& filter, const float* y, const float* to_y, float* to_x,
                       float* to_feedback, float* to_past, int threads);

// y[t] = y[t-1] + c (x[t] - y[t-1]), where c is `attack` while x[t] > y[t-1] and `release` otherwise.
// Arrays are (rows, samples) and (rows).
struct Envelope {
  int rows;
  std::ptrdiff_t samples;
  const float* attack;
  const float* release;
  const float* past;
};

void follow_envelope(const Envelope& envelope, const float* x, float* y, int threads);

struct EnvelopeGradients {
  float* x;
  float* attack;
  float* release;
  float* past;
};

void follow_envelope_backward(const Envelope& envelope, const float* x, const float* y,
                              const float* to_y, const EnvelopeGradients& to, int threads);

}  // namespace wetprint
