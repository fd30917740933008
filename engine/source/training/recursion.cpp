#include "training/recursion.h"

#include <algorithm>
#include <vector>

#include "training/threads.h"

namespace wetprint {

namespace {

// Filters of order 1 and 2 keep their memory in registers. Doubles, because poles close to the unit
// circle multiply every rounding.
template <int kOrder>
void filter_row(const double* feedback, double* memory, const float* x, float* y, std::ptrdiff_t samples,
                std::ptrdiff_t step, int order) {
  const int terms = kOrder ? kOrder : order;
  for (std::ptrdiff_t t = 0; t < samples; ++t, x += step, y += step) {
    double sum = *x;
    for (int k = terms - 1; k >= 0; --k) sum -= feedback[k] * memory[k];
    for (int k = terms - 1; k > 0; --k) memory[k] = memory[k - 1];
    memory[0] = sum;
    *y = static_cast<float>(sum);
  }
}

void filter_row(int order, const double* feedback, double* memory, const float* x, float* y,
                std::ptrdiff_t samples, std::ptrdiff_t step) {
  if (order == 1) return filter_row<1>(feedback, memory, x, y, samples, step, order);
  if (order == 2) return filter_row<2>(feedback, memory, x, y, samples, step, order);
  filter_row<0>(feedback, memory, x, y, samples, step, order);
}

std::vector<double> widened(const float* values, int count) { return {values, values + count}; }

}  // namespace

void all_pole(const AllPole& filter, const float* x, float* y, int threads) {
  in_parallel(filter.rows, threads, [&](int row, int) {
    const std::ptrdiff_t at = row * filter.samples, first = std::ptrdiff_t{row} * filter.order;
    const std::vector<double> feedback = widened(filter.feedback + first, filter.order);
    std::vector<double> memory = widened(filter.past + first, filter.order);
    filter_row(filter.order, feedback.data(), memory.data(), x + at, y + at, filter.samples, 1);
  });
}

void all_pole_backward(const AllPole& filter, const float* y, const float* to_y, float* to_x,
                       float* to_feedback, float* to_past, int threads) {
  in_parallel(filter.rows, threads, [&](int row, int) {
    const std::ptrdiff_t at = row * filter.samples, first = std::ptrdiff_t{row} * filter.order;
    const std::ptrdiff_t samples = filter.samples;
    const std::vector<double> feedback = widened(filter.feedback + first, filter.order);
    std::vector<double> memory(static_cast<std::size_t>(filter.order));
    const float* out = y + at;
    float* slope = to_x + at;
    filter_row(filter.order, feedback.data(), memory.data(), to_y + at + samples - 1, slope + samples - 1,
               samples, -1);
    const float* past = filter.past + first;
    for (int k = 0; k < filter.order; ++k) {
      const std::ptrdiff_t begun = std::min<std::ptrdiff_t>(k + 1, samples);
      double sum = 0.0;
      for (std::ptrdiff_t t = 0; t < begun; ++t) sum += double{slope[t]} * past[k - t];
      for (std::ptrdiff_t t = begun; t < samples; ++t) sum += double{slope[t]} * out[t - 1 - k];
      to_feedback[first + k] = static_cast<float>(-sum);
      double to_memory = 0.0;  // y[-1 - k] is heard through every longer tap, at its own moment
      for (int tap = k; tap < filter.order && tap - k < samples; ++tap) {
        to_memory -= feedback[static_cast<std::size_t>(tap)] * slope[tap - k];
      }
      to_past[first + k] = static_cast<float>(to_memory);
    }
  });
}

void follow_envelope(const Envelope& envelope, const float* x, float* y, int threads) {
  in_parallel(envelope.rows, threads, [&](int row, int) {
    const double attack = envelope.attack[row], release = envelope.release[row];
    const float* heard = x + row * envelope.samples;
    float* followed = y + row * envelope.samples;
    double before = envelope.past[row];  // a slow release adds less than a float can hold
    for (std::ptrdiff_t t = 0; t < envelope.samples; ++t) {
      const double rise = heard[t] - before;
      before += (rise > 0.0 ? attack : release) * rise;
      followed[t] = static_cast<float>(before);
    }
  });
}

void follow_envelope_backward(const Envelope& envelope, const float* x, const float* y,
                              const float* to_y, const EnvelopeGradients& to, int threads) {
  in_parallel(envelope.rows, threads, [&](int row, int) {
    const float attack = envelope.attack[row], release = envelope.release[row];
    const std::ptrdiff_t at = row * envelope.samples;
    double slope = 0.0, to_attack = 0.0, to_release = 0.0;
    for (std::ptrdiff_t t = envelope.samples - 1; t >= 0; --t) {
      const float before = t ? y[at + t - 1] : envelope.past[row];
      const float rise = x[at + t] - before;
      const bool rises = rise > 0.0f;
      const double coefficient = rises ? attack : release;
      slope += to_y[at + t];
      (rises ? to_attack : to_release) += slope * rise;
      to.x[at + t] = static_cast<float>(coefficient * slope);
      slope *= 1.0 - coefficient;
    }
    to.attack[row] = static_cast<float>(to_attack);
    to.release[row] = static_cast<float>(to_release);
    to.past[row] = static_cast<float>(slope);
  });
}

}  // namespace wetprint
