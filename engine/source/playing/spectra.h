// Transforms of one size for convolution by overlap-save, with their tables; see cpu/transform.h.
#pragma once

#include "cpu/transform.h"
#include "playing/memory.h"

namespace wetprint::playing {

class Spectra {
 public:
  Spectra() = default;

  // `size` samples are new in each transform; a power of two from 64.
  Spectra(Budget& budget, int size);

  // A transform that reads or writes `spectrum`, 2 size floats, to be run pass by pass.
  Transform transform_of(float* spectrum);
  int passes() const { return size_log2_ + 2; }

  // All passes at once. `spectrum` is destroyed by the inverse, which is `size` times too large.
  void forward(const float* older, const float* newer, float* spectrum);
  void inverse(float* spectrum, float* output);
  // Adds one * other to sum.
  void multiply(const float* one, const float* other, float* sum) const;

 private:
  int size_ = 0, size_log2_ = 0;
  Floats twist_, twiddles_, scratch_;
};

}  // namespace wetprint::playing
