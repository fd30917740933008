#include "training/delay_line.h"

#include <algorithm>
#include <cmath>

#include "training/threads.h"

namespace wetprint {

namespace {

using namespace interpolation;

// Calls visit(t, position of tap 0, fraction) for each sample.
template <typename Method, typename Visit>
void each_read(const DelayRead& read, const float* delay, Visit visit) {
  const double farthest = static_cast<double>(read.line_samples + read.lead + kMostTaps);
  for (std::ptrdiff_t t = 0; t < read.samples; ++t) {
    const double bounded = std::clamp(static_cast<double>(delay[t]), -farthest, farthest);
    if (std::isnan(bounded)) {
      visit(t, t + read.lead, delay[t]);
      continue;
    }
    const Place<Method> place(bounded);
    visit(t, t + read.lead + place.newest, place.fraction);
  }
}

template <typename Method>
void read_row(const DelayRead& read, const float* line, const float* delay, float* out) {
  Taps taps;
  each_read<Method>(read, delay, [&](std::ptrdiff_t t, std::ptrdiff_t newest, float fraction) {
    Method::weigh(fraction, taps);
    const Within within(newest, Method::kTaps, read.line_samples);
    float sum = 0.0f;
    for (int tap = within.first; tap < within.last; ++tap) sum += taps.weight[tap] * line[newest - tap];
    out[t] = sum;
  });
}

template <typename Method>
void read_row_backward(const DelayRead& read, const float* line, const float* delay, const float* to_out,
                       float* to_line, float* to_delay) {
  Taps taps;
  each_read<Method>(read, delay, [&](std::ptrdiff_t t, std::ptrdiff_t newest, float fraction) {
    Method::weigh(fraction, taps);
    const Within within(newest, Method::kTaps, read.line_samples);
    float slope = 0.0f;
    for (int tap = within.first; tap < within.last; ++tap) slope += taps.slope[tap] * line[newest - tap];
    if (to_delay) to_delay[t] = slope * to_out[t];
    if (!to_line) return;
    for (int tap = within.first; tap < within.last; ++tap) to_line[newest - tap] += taps.weight[tap] * to_out[t];
  });
}

}  // namespace

void read_delay_line(const DelayRead& read, const float* line, const float* delay, float* out, int threads) {
  with_method(read.interpolation, [&](auto method) {
    in_parallel(read.rows, threads, [&](int row, int) {
      read_row<decltype(method)>(read, line + row * read.line_samples, delay + row * read.samples,
                                 out + row * read.samples);
    });
  });
}

void read_delay_line_backward(const DelayRead& read, const float* line, const float* delay,
                              const float* to_out, float* to_line, float* to_delay, int threads) {
  with_method(read.interpolation, [&](auto method) {
    in_parallel(read.rows, threads, [&](int row, int) {
      const std::ptrdiff_t at = row * read.samples, line_at = row * read.line_samples;
      read_row_backward<decltype(method)>(read, line + line_at, delay + at, to_out + at,
                                          to_line ? to_line + line_at : nullptr,
                                          to_delay ? to_delay + at : nullptr);
    });
  });
}

}  // namespace wetprint
