// Where an LFO stands, and closed curves over its turn; see src/wetprint/blocks/periodic.py.
#pragma once

#include <cmath>
#include <cstdint>

#include "playing/settings.h"

namespace wetprint::playing {

constexpr Range kKnots{4, 4096};

// Phase in turns, from absolute time. It is reckoned anew for every block, so that nothing adds up.
class Phase {
 public:
  explicit Phase(Settings& settings)
      : period_(settings.real("period_samples", 16.0, 1e9, 48'000.0)) {}

  void start_at(std::int64_t sample) { sample_ = sample; }
  void advance(int frames) { sample_ += frames; }

  double at(int frame) const {
    const double turns = static_cast<double>(sample_ + frame) / period_;
    return turns - std::floor(turns);
  }

 private:
  double period_;
  std::int64_t sample_ = 0;
};

// What the four coefficients around a phase weigh in a closed uniform cubic B-spline.
struct KnotWeights {
  KnotWeights() = default;
  KnotWeights(double phase, int knots) {
    const double position = phase * knots, left = std::floor(position), p = position - left;
    const double rest = 1.0 - p;
    weight[0] = rest * rest * rest / 6.0;
    weight[1] = (3.0 * p * p * p - 6.0 * p * p + 4.0) / 6.0;
    weight[2] = (3.0 * p * p - 3.0 * p * p * p + 3.0 * p + 1.0) / 6.0;
    weight[3] = p * p * p / 6.0;
    for (int each = 0; each < 4; ++each) {
      index[each] = (static_cast<int>(left) + each - 1 + knots) % knots;
    }
  }

  double value(const float* coefficients) const {
    double sum = 0.0;
    for (int each = 0; each < 4; ++each) sum += weight[each] * coefficients[index[each]];
    return sum;
  }

  double weight[4] = {};
  int index[4] = {};
};

}  // namespace wetprint::playing
