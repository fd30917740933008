#include "playing/phases.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace wetprint::playing {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kSoundingAmplitude = 1e-10;  // these four as the twin has them
constexpr double kGrowth = 2.0;
constexpr double kStruckRise = 1.1;
constexpr int kPeakReach = 2;

}  // namespace

Phases::Phases(Budget& budget, const PhaseRules& rules)
    : rules_(rules), bins_(rules.window / 2 + 1),
      sounding_(std::pow(kSoundingAmplitude * rules.window / 4, 2.0)), before_(budget, bins_) {
  budget.take(std::int64_t{6} * bins_);
  for (std::vector<double>* each : {&power_, &turns_, &next_}) {
    each->assign(static_cast<std::size_t>(bins_), 0.0);
  }
}

void Phases::forget() noexcept {
  std::fill(before_.re.begin(), before_.re.end(), 0.0);
  std::fill(before_.im.begin(), before_.im.end(), 0.0);
  std::fill(turns_.begin(), turns_.end(), 0.0);
  growing_ = 0.0;
  pause_ = 0;
}

void Phases::turn(Complexes& spectrum) noexcept {
  for (int bin = 0; bin < bins_; ++bin) power_[bin] = spectrum.power(bin);
  if (begins_anew()) {
    std::fill(turns_.begin(), turns_.end(), 0.0);
  } else {
    move_on(spectrum);
  }
  std::copy_n(spectrum.re.begin(), bins_, before_.re.begin());
  std::copy_n(spectrum.im.begin(), bins_, before_.im.begin());
  double last = 0.0, cosine = 1.0, sine = 0.0;
  for (int bin = 0; bin < bins_; ++bin) {
    if (turns_[bin] != last) {  // alike around a peak
      last = turns_[bin];
      cosine = std::cos(last);
      sine = std::sin(last);
    }
    const double re = spectrum.re[bin], im = spectrum.im[bin];
    spectrum.re[bin] = re * cosine - im * sine;
    spectrum.im[bin] = re * sine + im * cosine;
  }
}

bool Phases::begins_anew() noexcept {
  int grown = 0, sounds = 0, sounded = 0;
  for (int bin = 0; bin < bins_; ++bin) {
    const double earlier = before_.power(bin);
    sounds += power_[bin] > sounding_;
    sounded += earlier > sounding_;
    grown += power_[bin] > sounding_ && power_[bin] > kGrowth * earlier;
  }
  const double share = static_cast<double>(grown) / std::max(1, sounds);
  const bool struck =
      share > rules_.transient_share && share > kStruckRise * growing_ && pause_ == 0;
  pause_ = struck ? rules_.pause : std::max(0, pause_ - 1);
  if (sounds == 0) pause_ = 0;
  growing_ = share;
  return struck || sounds == 0 || sounded == 0;
}

bool Phases::is_peak(int bin) const noexcept {
  const double here = power_[bin];
  if (here <= sounding_) return false;
  for (int away = 1; away <= kPeakReach; ++away) {
    if (bin >= away && power_[bin - away] >= here) return false;
    if (bin + away < bins_ && power_[bin + away] > here) return false;
  }
  return true;
}

// How much further a bin's phase goes at the other pitch than it did by itself; a constant has none.
double Phases::advance(const Complexes& spectrum, int bin) const noexcept {
  if (bin == 0) return 0.0;
  const double re = spectrum.re[bin], im = spectrum.im[bin];
  const double past_re = before_.re[bin], past_im = before_.im[bin];
  const double heard = std::atan2(im * past_re - re * past_im, re * past_re + im * past_im);
  const double expected = 2.0 * kPi * rules_.hop / rules_.window * bin;
  double strayed = heard - expected;
  strayed -= 2.0 * kPi * std::nearbyint(strayed / (2.0 * kPi));
  return rules_.ratio * (expected + strayed) - heard;
}

// Every bin goes with the nearest peak, half-way between two with the upper one, if it is near
// enough; else it moves on by itself.
void Phases::move_on(const Complexes& spectrum) noexcept {
  int begin = 0, last_peak = -1;
  for (int bin = 0; bin < bins_; ++bin) {
    if (!is_peak(bin)) continue;
    const int edge = last_peak < 0 ? 0 : (last_peak + bin + 1) / 2;
    go_with(spectrum, last_peak, begin, edge);
    begin = edge;
    last_peak = bin;
  }
  go_with(spectrum, last_peak, begin, bins_);
  turns_.swap(next_);
}

void Phases::go_with(const Complexes& spectrum, int peak, int first, int last) noexcept {
  const double shared = peak < 0 ? 0.0 : turns_[peak] + advance(spectrum, peak);
  for (int bin = first; bin < last; ++bin) {
    const bool of_constant = peak == 0 && bin <= 1;
    const bool free = !of_constant && (peak < 0 || bin < rules_.free_bins ||
                                       std::abs(bin - peak) > rules_.lock_reach);
    const double turn = free ? turns_[bin] + advance(spectrum, bin) : shared;
    next_[bin] = turn - 2.0 * kPi * std::nearbyint(turn / (2.0 * kPi));
  }
}

}  // namespace wetprint::playing
