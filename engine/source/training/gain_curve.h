// The static curve of a compressor or expander, gain in dB over level in dBFS: see
// src/wetprint/blocks/gain_curve.py.
#pragma once

#include <algorithm>
#include <cmath>

namespace wetprint {

inline constexpr double kQuietestDb = -160.0, kLeastGainDb = -120.0, kMostGainDb = 60.0;
inline constexpr double kNepers = 0.11512925464970229;  // ln(10) / 20: of a decibel

// The factor that a gain stands for.
inline double factor(double gain_db) { return std::exp(gain_db * kNepers); }

// Level of an amplitude, or of a mean square, in dBFS.
struct Level {
  bool squares;

  double power() const { return (squares ? 2.0 : 1.0) * kNepers; }  // of a gain in dB
  double scale() const { return squares ? 10.0 : 20.0; }
  double least() const { return squares ? 1e-16 : 1e-8; }
  double db(double heard) const { return scale() * std::log10(std::max(heard, least())); }
  double slope(double heard) const { return heard > least() ? scale() / (heard * 2.302585092994046) : 0.0; }
};

enum KneeParameter { kThreshold, kSlopeBelow, kSlopeAbove, kWidth, kMakeup, kKneeParameters };

// `values` are the gains at `count` knots from the lowest to the highest level, or, where `count` is
// 0, the parameters of a knee.
struct GainCurve {
  const float* values;
  int count;
  double lowest, density;

  int parameters() const { return count ? count : kKneeParameters; }

  double gain_db(double level) const {
    return std::clamp(count ? spline(level) : knee(level), kLeastGainDb, kMostGainDb);
  }

  // Adds to the gradient of the parameters, and returns that of the level.
  double backward(double level, double to_gain, double* to_values) const {
    const double gain = count ? spline(level) : knee(level);
    if (gain < kLeastGainDb || gain > kMostGainDb) return 0.0;
    return count ? spline_backward(level, to_gain, to_values) : knee_backward(level, to_gain, to_values);
  }

 private:
  struct Place {
    int left;
    double within;
    bool inside;
  };

  Place place(double level) const {
    const double wanted = (level - lowest) * density, position = std::clamp<double>(wanted, 0.0, count - 1);
    // not a number is no place on the grid: it stays what it is, on the first interval
    const int left = position >= 1.0 ? std::min(static_cast<int>(position), count - 2) : 0;
    return {left, position - left, wanted >= 0.0 && wanted <= count - 1};
  }

  double spline(double level) const {
    const Place at = place(level);
    return values[at.left] * (1.0 - at.within) + values[at.left + 1] * at.within;
  }

  double spline_backward(double level, double to_gain, double* to_values) const {
    const Place at = place(level);
    to_values[at.left] += to_gain * (1.0 - at.within);
    to_values[at.left + 1] += to_gain * at.within;
    return at.inside ? to_gain * density * (double{values[at.left + 1]} - values[at.left]) : 0.0;
  }

  double knee(double level) const {
    const double over = level - values[kThreshold], width = values[kWidth];
    const double entered = std::max(over + 0.5 * width, 0.0);
    const double bent = entered < width ? entered * entered / (2.0 * width) : over;
    return values[kMakeup] + values[kSlopeBelow] * over + (values[kSlopeAbove] - values[kSlopeBelow]) * bent;
  }

  double knee_backward(double level, double to_gain, double* to_values) const {
    const double below = values[kSlopeBelow], bend = values[kSlopeAbove] - below;
    const double over = level - values[kThreshold], width = values[kWidth];
    const double entered = std::max(over + 0.5 * width, 0.0);
    const bool within = entered < width;
    const double bent = within ? entered * entered / (2.0 * width) : over;
    const double slope = within ? entered / width : 1.0;
    const double by_width = within ? 0.5 * slope - 0.5 * slope * slope : 0.0;
    const double to_level = to_gain * (below + bend * slope);
    to_values[kThreshold] -= to_level;
    to_values[kSlopeBelow] += to_gain * (over - bent);
    to_values[kSlopeAbove] += to_gain * bent;
    to_values[kWidth] += to_gain * bend * by_width;
    to_values[kMakeup] += to_gain;
    return to_level;
  }
};

}  // namespace wetprint
