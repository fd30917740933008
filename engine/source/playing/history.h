// Rows of past samples of which any stretch can be read in one piece.
//
// A ring whose first samples are repeated behind its end, so that neither reading nor writing ever
// wraps, and no block of audio pays for moving everything back to the start.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "playing/block.h"

namespace wetprint::playing {

class History {
 public:
  History() = default;

  // `past` is the farthest back that a window will begin, in samples.
  History(Budget& budget, int rows, std::int64_t past)
      : rows_(rows), length_(past + 2 * kMostFrames), stride_(stride_for(length_ + kMostFrames)),
        samples_(budget, rows * stride_) {}

  std::ptrdiff_t stride() const { return stride_; }

  // Where the next frames of row 0 are to be written; there is room for kMostFrames.
  float* next() { return samples_.data() + position_; }

  // Takes the next frames of every row and makes them readable.
  void hear(const float* const* rows, int frames) {
    for (int row = 0; row < rows_; ++row) std::copy_n(rows[row], frames, next() + row * stride_);
    publish();
  }

  // Makes what was written at next() readable. Whole vectors may have been written: what lies
  // behind the frames that count is overwritten by the next ones before anybody hears it.
  void publish() {
    const std::int64_t written = position_ + kMostFrames;
    for (int row = 0; row < rows_; ++row) {
      float* samples = samples_.data() + row * stride_;
      if (written > length_) std::copy(samples + length_, samples + written, samples);
      if (position_ < kMostFrames) {
        std::copy(samples + position_, samples + kMostFrames, samples + length_ + position_);
      }
    }
  }

  // The samples of row 0 from `back` before next() on, published ones included.
  const float* window(std::int64_t back) const {
    const std::int64_t start = position_ - back;
    return samples_.data() + (start < 0 ? start + length_ : start);
  }

  // Moves on by frames that were published.
  void advance(int frames) {
    position_ += frames;
    if (position_ >= length_) position_ -= length_;
  }

  // Makes the whole past of every row a constant: one value a row.
  void hold(const float* levels) {
    for (int row = 0; row < rows_; ++row) next()[row * stride_] = levels[row];
    fill_with_next();
  }

  // Makes the whole past of each row what stands at its next().
  void fill_with_next() {
    for (int row = 0; row < rows_; ++row) {
      float* samples = samples_.data() + row * stride_;
      std::fill(samples, samples + length_ + kMostFrames, samples[position_]);
    }
  }

 private:
  // An odd number of cache lines, so that rows do not compete for the same places in the cache.
  static std::int64_t stride_for(std::int64_t length) {
    constexpr std::int64_t kLine = 16;
    return ((length + kLine - 1) / kLine | 1) * kLine;
  }

  int rows_ = 0;
  std::int64_t length_ = 0;
  std::int64_t stride_ = 0;
  std::int64_t position_ = 0;
  Floats samples_;
};

}  // namespace wetprint::playing
