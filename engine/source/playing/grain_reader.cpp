#include "playing/grain_reader.h"

#include <algorithm>
#include <cmath>

namespace wetprint::playing {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kKaiserBeta = 8.0;

double hann(double place, int length) { return 0.5 - 0.5 * std::cos(2.0 * kPi * place / length); }

double sinc(double x) { return x == 0.0 ? 1.0 : std::sin(kPi * x) / (kPi * x); }

// The modified Bessel function of order zero, by its power series.
double bessel(double x) {
  double term = 1.0, sum = 1.0;
  for (int n = 1; term > 1e-17 * sum; ++n) {
    term *= x * x / (4.0 * n * n);
    sum += term;
  }
  return sum;
}

}  // namespace

GrainReader::GrainReader(Budget& budget, const GrainShape& shape) : shape_(shape) {
  const auto grain = static_cast<std::size_t>(grain_samples());
  const auto window = static_cast<std::size_t>(shape.window);
  budget.take(static_cast<std::int64_t>(grain * (2 * kTaps + 1) + 2 * window) + 2 * shape.hop);
  first_.resize(grain);
  taps_.resize(grain * kTaps);
  window_.resize(window);
  for (int index = 0; index < shape.window; ++index) window_[index] = hann(index, shape.window);
  for (int sample = 0; sample < grain_samples(); ++sample) interpolate(sample);

  std::vector<double> padded(window + 2 * kMargin);  // what a constant becomes adds up to one
  std::copy(window_.begin(), window_.end(), padded.begin() + kMargin);
  std::vector<double> sums(static_cast<std::size_t>(shape.hop));
  for (int sample = 0; sample < grain_samples(); ++sample) {
    const int phase = (sample - shape.half_grain) % shape.hop;
    sums[static_cast<std::size_t>(phase < 0 ? phase + shape.hop : phase)] +=
        read(padded.data(), sample);
  }
  for (const double sum : sums) loudness_.push_back(1.0 / sum);
}

void GrainReader::interpolate(int sample) {
  const double place = 0.5 * shape_.window + shape_.ratio * (sample - shape_.half_grain);
  const int first = static_cast<int>(std::floor(place)) - kTaps / 2 + 1;
  first_[sample] = first + kMargin;
  for (int tap = 0; tap < kTaps; ++tap) {
    const double away = place - (first + tap);
    const double inside = std::max(0.0, 1.0 - std::pow(away / (kTaps / 2), 2.0));
    taps_[std::ptrdiff_t{kTaps} * sample + tap] = sinc(away) * bessel(kKaiserBeta * std::sqrt(inside)) /
                                  bessel(kKaiserBeta) * hann(place, shape_.window);
  }
}

}  // namespace wetprint::playing
