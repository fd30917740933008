// Reading between samples: what each tap weighs, and how that changes with the fraction.
//
// Straight lines; polynomials of third order through four samples; sixteen samples weighted by a
// Hann-windowed sinc (Laakso, Valimaki, Karjalainen and Laine 1996, doi:10.1109/79.482137).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace wetprint {

enum class Interpolation : int { linear = 0, lagrange = 1, sinc = 2 };

namespace interpolation {

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

// Taps run towards the past, so that tap k lies at newest - k; these are the ones within the line.
struct Within {
  Within(std::ptrdiff_t newest, int taps, std::ptrdiff_t samples)
      : first(static_cast<int>(std::clamp<std::ptrdiff_t>(newest - samples + 1, 0, taps))),
        last(static_cast<int>(std::clamp<std::ptrdiff_t>(newest + 1, first, taps))) {}
  int first, last;
};

// Where a delay ends: the position of tap 0 behind "now", and the fraction. Whole and fractional
// delay are parted before anything is added, so that a long delay costs no precision.
template <typename Method>
struct Place {
  explicit Place(double delay) {
    const double whole = std::floor(delay);
    newest = Method::kNewer - static_cast<std::ptrdiff_t>(whole);
    fraction = static_cast<float>(delay - whole);
  }
  std::ptrdiff_t newest;
  float fraction;
};

// Calls run(method) with the method that a read asks for.
template <typename Run>
void with_method(Interpolation interpolation, Run run) {
  if (interpolation == Interpolation::linear) return run(Linear{});
  if (interpolation == Interpolation::lagrange) return run(Lagrange{});
  run(Sinc{});
}

}  // namespace interpolation
}  // namespace wetprint
