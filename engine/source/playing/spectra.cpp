#include "playing/spectra.h"

#include <bit>
#include <cmath>
#include <numbers>

#include "cpu/kernels.h"

namespace wetprint::playing {

Spectra::Spectra(Budget& budget, int size)
    : size_(size),
      size_log2_(std::countr_zero(static_cast<unsigned>(size))),
      twist_(budget, 2 * size),
      twiddles_(budget, 2 * size),
      scratch_(budget, 2 * size) {
  for (int n = 0; n < size; ++n) {
    const double angle = std::numbers::pi * n / (2.0 * size);
    twist_[n] = static_cast<float>(std::cos(angle));
    twist_[size + n] = static_cast<float>(std::sin(angle));
  }
  for (int half = 1; half < size; half *= 2) {
    for (int k = 0; k < half; ++k) {
      const double angle = std::numbers::pi * k / half;
      twiddles_[half + k] = static_cast<float>(std::cos(angle));
      twiddles_[size + half + k] = static_cast<float>(std::sin(angle));
    }
  }
}

Transform Spectra::transform_of(float* spectrum) {
  return {size_, size_log2_, twist_.data(), twiddles_.data(), nullptr, nullptr,
          scratch_.data(), spectrum, nullptr};
}

void Spectra::forward(const float* older, const float* newer, float* spectrum) {
  Transform transform = transform_of(spectrum);
  transform.older = older;
  transform.newer = newer;
  for (int pass = 0; pass < passes(); ++pass) {
    kernels().playing.forward_pass(transform, pass, 0, size_);
  }
}

void Spectra::inverse(float* spectrum, float* output) {
  Transform transform = transform_of(spectrum);
  transform.output = output;
  for (int pass = 0; pass < passes(); ++pass) {
    kernels().playing.inverse_pass(transform, pass, 0, size_);
  }
}

void Spectra::multiply(const float* one, const float* other, float* sum) const {
  kernels().playing.multiply(one, other, sum, size_, size_, true);
}

}  // namespace wetprint::playing
