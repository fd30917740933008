#include "training/delay_line.h"

#include <algorithm>
#include <cmath>

#include "training/threads.h"

namespace wetprint {

namespace {

constexpr int kMostTaps = 16;
constexpr double kPi = 3.14159265358979323846;

// Weights of the taps for one fraction, and their slopes against it. Tap 0 is the newest; a fraction
// of 0 reads tap `kNewer`, and a growing one moves towards the past.
struct Taps {
  float weight[kMostTaps];
  float slope[kMostTaps];
};

struct Linear {
  static constexpr int kTaps = 2, kNewer = 0;
  static void weigh(float f, Taps& taps) {
    taps.weight[0] = 1.0f - f;
    taps.weight[1] = f;
    taps.slope[0] = -1.0f;
    taps.slope[1] = 1.0f;
  }
};

// Lagrange's polynomials through the samples at -1, 0, 1 and 2.
struct Lagrange {
  static constexpr int kTaps = 4, kNewer = 1;
  static void weigh(float f, Taps& taps) {
    const float a = f + 1.0f, b = f, c = f - 1.0f, d = f - 2.0f;
    taps.weight[0] = -b * c * d / 6.0f;
    taps.weight[1] = a * c * d / 2.0f;
    taps.weight[2] = -a * b * d / 2.0f;
    taps.weight[3] = a * b * c / 6.0f;
    taps.slope[0] = -(c * d + b * d + b * c) / 6.0f;
    taps.slope[1] = (c * d + a * d + a * c) / 2.0f;
    taps.slope[2] = -(b * d + a * d + a * b) / 2.0f;
    taps.slope[3] = (b * c + a * c + a * b) / 6.0f;
  }
};

// sinc(u) (1 + cos(pi u / 8)) / 2 for u = f - offset, offset from -7 to 8. sin(pi u) has the same
// size at every tap, and the cosines follow from two and a table.
struct Sinc {
  static constexpr int kTaps = 16, kNewer = 7, kHalf = 8;
  static void weigh(float fraction, Taps& taps) {
    static const Table table;
    const double f = fraction, sine = std::sin(kPi * f), cosine = std::cos(kPi * f);
    const double turn_cos = std::cos(kPi * f / kHalf), turn_sin = std::sin(kPi * f / kHalf);
    for (int tap = 0; tap < kTaps; ++tap) {
      const double u = f - (tap - kNewer), sign = (tap - kNewer) % 2 ? -1.0 : 1.0;
      const double window = 0.5 + 0.5 * (turn_cos * table.cosine[tap] + turn_sin * table.sine[tap]);
      const double window_slope =
          -0.5 * kPi / kHalf * (turn_sin * table.cosine[tap] - turn_cos * table.sine[tap]);
      const bool centre = std::abs(u) < 1e-4;  // there the quotient loses its digits; use its series
      const double x = kPi * u;
      const double sinc = centre ? 1.0 - x * x / 6.0 : sign * sine / x;
      const double sinc_slope = centre ? -kPi * x / 3.0 : (sign * cosine - sinc) / u;
      taps.weight[tap] = static_cast<float>(sinc * window);
      taps.slope[tap] = static_cast<float>(sinc_slope * window + sinc * window_slope);
    }
  }

  struct Table {
    Table() {
      for (int tap = 0; tap < kTaps; ++tap) {
        cosine[tap] = std::cos(kPi * (tap - kNewer) / kHalf);
        sine[tap] = std::sin(kPi * (tap - kNewer) / kHalf);
      }
    }
    double cosine[kTaps], sine[kTaps];
  };
};

// Calls visit(t, position of tap 0, fraction) for each sample. Whole and fractional delay are parted
// before anything is added, so that a long delay costs no precision.
template <typename Method, typename Visit>
void each_read(const DelayRead& read, const float* delay, Visit visit) {
  const double farthest = static_cast<double>(read.line_samples + read.lead + kMostTaps);
  for (std::ptrdiff_t t = 0; t < read.samples; ++t) {
    const double bounded = std::clamp(static_cast<double>(delay[t]), -farthest, farthest);
    if (std::isnan(bounded)) {
      visit(t, t + read.lead, delay[t]);
      continue;
    }
    const double whole = std::floor(bounded);
    visit(t, t + read.lead - static_cast<std::ptrdiff_t>(whole) + Method::kNewer,
          static_cast<float>(bounded - whole));
  }
}

// Taps run towards the past, so that tap k lies at newest - k; these are the ones within the line.
struct Within {
  Within(std::ptrdiff_t newest, int taps, std::ptrdiff_t samples)
      : first(static_cast<int>(std::clamp<std::ptrdiff_t>(newest - samples + 1, 0, taps))),
        last(static_cast<int>(std::clamp<std::ptrdiff_t>(newest + 1, first, taps))) {}
  int first, last;
};

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

// Calls run(method) with the method that a read asks for.
template <typename Run>
void with_method(Interpolation interpolation, Run run) {
  if (interpolation == Interpolation::linear) return run(Linear{});
  if (interpolation == Interpolation::lagrange) return run(Lagrange{});
  run(Sinc{});
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
