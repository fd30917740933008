// The transform agrees with its definition, summed term by term, at every size and level.
#include <cmath>
#include <complex>
#include <initializer_list>
#include <numbers>
#include <random>
#include <vector>

#include "check.h"
#include "cpu/kernels.h"
#include "cpu/transform.h"

namespace {

using wetprint::Transform;

struct Case {
  int size, log2;
  std::vector<float> twist, twiddles, samples, scratch, spectrum, output;

  explicit Case(int log2_size)
      : size(1 << log2_size), log2(log2_size), twist(2 * size), twiddles(2 * size),
        samples(2 * size), scratch(2 * size), spectrum(2 * size), output(size) {
    std::mt19937 random(3);
    std::normal_distribution<float> draw;
    for (float& each : samples) each = draw(random);
    for (int n = 0; n < size; ++n) {
      twist[n] = static_cast<float>(std::cos(std::numbers::pi * n / (2 * size)));
      twist[size + n] = static_cast<float>(std::sin(std::numbers::pi * n / (2 * size)));
    }
    for (int half = 1; half < size; half *= 2) {
      for (int k = 0; k < half; ++k) {
        twiddles[half + k] = static_cast<float>(std::cos(std::numbers::pi * k / half));
        twiddles[size + half + k] = static_cast<float>(std::sin(std::numbers::pi * k / half));
      }
    }
  }

  Transform transform() {
    return {size, log2, twist.data(), twiddles.data(), samples.data(), samples.data() + size,
            scratch.data(), spectrum.data(), output.data()};
  }

  std::complex<double> by_definition(int k) const {
    std::complex<double> sum;
    for (int n = 0; n < 2 * size; ++n) {
      const double turns = static_cast<double>((4LL * k + 1) * n % (4LL * size)) / (4.0 * size);
      sum += std::polar<double>(samples[n], -2.0 * std::numbers::pi * turns);
    }
    return sum;
  }
};

// Where bin k stands: the three plain stages and those after them leave bits reversed, and the
// eight parts interleaved.
int place_of(int k, int log2) {
  int reversed = 0;
  for (int bit = 0; bit < log2; ++bit) reversed |= (k >> bit & 1) << (log2 - 1 - bit);
  const int part_size = 1 << (log2 - 3);
  return reversed % part_size * 8 + reversed / part_size;
}

void agrees_with_definition(const wetprint::PlayingKernels& inner, int log2) {
  Case one(log2);
  const Transform transform = one.transform();
  for (int pass = 0; pass < log2 + 2; ++pass) {
    for (int first = 0; first < one.size; first += 64) inner.forward_pass(transform, pass, first, 64);
  }
  double error = 0.0, size = 0.0;
  for (int k = 0; k < one.size; k += one.size > 1024 ? 97 : 1) {
    const int place = place_of(k, log2);
    const std::complex<double> wanted = one.by_definition(k);
    const std::complex<double> came(one.spectrum[place], one.spectrum[one.size + place]);
    error = std::max(error, std::abs(came - wanted));
    size = std::max(size, std::abs(wanted));
  }
  CHECK(error < 2e-6 * size);
  for (int pass = 0; pass < log2 + 2; ++pass) inner.inverse_pass(transform, pass, 0, one.size);
  for (int n = 0; n < one.size; ++n) {
    CHECK(std::abs(one.output[n] / one.size - one.samples[one.size + n]) < 1e-5);
  }
}

}  // namespace

int main() {
  for (const char* level : {"baseline", "avx2", "avx512"}) {
    const wetprint::Kernels* found = wetprint::kernels_of(level);
    for (int log2 = 6; found && log2 <= 14; log2 += 2) agrees_with_definition(found->playing, log2);
  }
  return failures != 0;
}
