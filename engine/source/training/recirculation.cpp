#include "training/recirculation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "training/threads.h"

namespace wetprint {

namespace {

using namespace interpolation;

// A delay that reads nothing newer than the sample before, and nothing that is no number.
template <typename Method>
double readable(float delay, std::ptrdiff_t longest) {
  const double shortest = Method::kNewer + 1;
  if (!(delay > shortest)) return shortest;
  return std::min(static_cast<double>(delay), static_cast<double>(longest));
}

template <typename Method>
void recirculate_row(const Recirculation& loop, float feedback, const float* source, const float* delay,
                     float* out) {
  const std::ptrdiff_t length = loop.lead + loop.samples;
  Taps taps;
  for (std::ptrdiff_t t = 0; t < loop.samples; ++t) {
    const Place<Method> place(readable<Method>(delay[t], length + kMostTaps));
    const std::ptrdiff_t newest = t + loop.lead + place.newest;
    Method::weigh(place.fraction, taps);
    const Within within(newest, Method::kTaps, length);
    float sum = 0.0f;
    for (int tap = within.first; tap < within.last; ++tap) sum += taps.weight[tap] * out[newest - tap];
    out[t + loop.lead] = source[t] + feedback * sum;
  }
}

struct Slopes {
  float *to_source, *to_delay, *to_feedback;
};

// The same loop from its end to its beginning: what reaches a sample has been gathered before its
// turn comes, since nobody reads what is newer.
template <typename Method>
void recirculate_row_backward(const Recirculation& loop, float feedback, const float* delay, const float* out,
                              const float* to_out, const Slopes& to) {
  const std::ptrdiff_t length = loop.lead + loop.samples;
  std::vector<double> reached(static_cast<std::size_t>(length), 0.0);
  double to_feedback = 0.0;
  Taps taps;
  for (std::ptrdiff_t t = loop.samples - 1; t >= 0; --t) {
    const double total = to_out[t] + reached[static_cast<std::size_t>(t + loop.lead)];
    const double bounded = readable<Method>(delay[t], length + kMostTaps);
    const Place<Method> place(bounded);
    const std::ptrdiff_t newest = t + loop.lead + place.newest;
    Method::weigh(place.fraction, taps);
    const Within within(newest, Method::kTaps, length);
    double value = 0.0, slope = 0.0;
    for (int tap = within.first; tap < within.last; ++tap) {
      value += taps.weight[tap] * out[newest - tap];
      slope += taps.slope[tap] * out[newest - tap];
      reached[static_cast<std::size_t>(newest - tap)] += feedback * taps.weight[tap] * total;
    }
    const bool is_held = bounded != static_cast<double>(delay[t]);
    to.to_source[t] = static_cast<float>(total);
    to.to_delay[t] = is_held ? 0.0f : static_cast<float>(feedback * slope * total);
    to_feedback += value * total;
  }
  *to.to_feedback = static_cast<float>(to_feedback);
}

}  // namespace

void recirculate(const Recirculation& loop, const float* source, const float* delay, float* out, int threads) {
  with_method(loop.interpolation, [&](auto method) {
    in_parallel(loop.rows, threads, [&](int row, int) {
      const std::ptrdiff_t at = row * loop.samples;
      recirculate_row<decltype(method)>(loop, loop.feedback[row], source + at, delay + at,
                                        out + row * (loop.lead + loop.samples));
    });
  });
}

void recirculate_backward(const Recirculation& loop, const float* delay, const float* out, const float* to_out,
                          float* to_source, float* to_delay, float* to_feedback, int threads) {
  with_method(loop.interpolation, [&](auto method) {
    in_parallel(loop.rows, threads, [&](int row, int) {
      const std::ptrdiff_t at = row * loop.samples;
      recirculate_row_backward<decltype(method)>(
          loop, loop.feedback[row], delay + at, out + row * (loop.lead + loop.samples), to_out + at,
          {to_source + at, to_delay + at, to_feedback + row});
    });
  });
}

}  // namespace wetprint
