// Reads windows at another speed and says how loud their sums are; see src/wetprint/blocks/grains.py.
#pragma once

#include <cstdint>
#include <vector>

#include "playing/memory.h"

namespace wetprint::playing {

struct GrainShape {
  double ratio;
  int window, hop;
  int half_grain;
};

class GrainReader {
 public:
  GrainReader(Budget& budget, const GrainShape& shape);

  int grain_samples() const { return 2 * shape_.half_grain + 1; }
  // By what the audio is weighed, `window` values.
  const double* window() const { return window_.data(); }
  // By what a sum of grains is multiplied at an absolute time.
  double loudness(std::int64_t time) const {
    const std::int64_t phase = time % shape_.hop;
    return loudness_[static_cast<std::size_t>(phase < 0 ? phase + shape_.hop : phase)];
  }

  // Returns one sample of the grain that a window becomes. kMargin zeros lie on either side of the
  // window's samples, and `padded` points to the first of them.
  double read(const double* padded, int sample) const {
    const double* from = padded + first_[sample];
    const double* taps = taps_.data() + std::ptrdiff_t{kTaps} * sample;
    double sums[kLanes] = {};  // apart, so that vectors can be added up
    for (int tap = 0; tap < kTaps; tap += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) sums[lane] += from[tap + lane] * taps[tap + lane];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }

  static constexpr int kTaps = 16;
  static constexpr int kLanes = 4;
  static constexpr int kMargin = kTaps;

 private:
  void interpolate(int sample);

  GrainShape shape_;
  std::vector<int> first_;
  std::vector<double> taps_, window_, loudness_;
};

}  // namespace wetprint::playing
