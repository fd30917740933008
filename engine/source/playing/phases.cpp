#include "playing/phases.h"

#include <algorithm>
#include <cmath>

namespace wetprint::playing {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kAudibleAmplitude = 1e-6;  // these three as the twin has them
constexpr double kStruckRise = 2.0;
constexpr int kPeakReach = 2;

}  // namespace

Phases::Phases(Budget& budget, const PhaseRules& rules)
    : rules_(rules), bins_(rules.window / 2 + 1),
      audible_(std::pow(kAudibleAmplitude * rules.window / 4, 2.0)), before_(budget, bins_) {
  budget.take(std::int64_t{6} * bins_);
  for (std::vector<double>* each : {&power_, &turns_, &next_}) {
    each->assign(static_cast<std::size_t>(bins_), 0.0);
  }
}

void Phases::forget() noexcept {
  std::fill(before_.re.begin(), before_.re.end(), 0.0);
  std::fill(before_.im.begin(), before_.im.end(), 0.0);
  std::fill(turns_.begin(), turns_.end(), 0.0);
}

void Phases::turn(Complexes& spectrum) noexcept {
  for (int bin = 0; bin < bins_; ++bin) power_[bin] = spectrum.power(bin);
  if (begins_anew(spectrum)) {
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

bool Phases::begins_anew(const Complexes& spectrum) const noexcept {
  int grown = 0;
  double most = 0.0, most_before = 0.0;
  for (int bin = 0; bin < bins_; ++bin) {
    const double earlier = before_.power(bin);
    most = std::max(most, power_[bin]);
    most_before = std::max(most_before, earlier);
    grown += bin < rules_.kept_bins && power_[bin] > audible_ && power_[bin] > kStruckRise * earlier;
  }
  return most <= audible_ || most_before <= audible_ ||
         static_cast<double>(grown) / rules_.kept_bins > rules_.transient_share;
}

bool Phases::is_peak(int bin) const noexcept {
  const double here = power_[bin];
  if (here <= audible_) return false;
  for (int away = 1; away <= kPeakReach; ++away) {
    if (bin >= away && power_[bin - away] >= here) return false;
    if (bin + away < bins_ && power_[bin + away] > here) return false;
  }
  return true;
}

// How much further a bin's phase goes at the other pitch than it did by itself.
double Phases::advance(const Complexes& spectrum, int bin) const noexcept {
  const double re = spectrum.re[bin], im = spectrum.im[bin];
  const double past_re = before_.re[bin], past_im = before_.im[bin];
  const double heard = std::atan2(im * past_re - re * past_im, re * past_re + im * past_im);
  const double expected = 2.0 * kPi * rules_.hop / rules_.window * bin;
  double strayed = heard - expected;
  strayed -= 2.0 * kPi * std::nearbyint(strayed / (2.0 * kPi));
  return rules_.ratio * (expected + strayed) - heard;
}

// Every bin goes with the nearest peak; half-way between two, with the upper one.
void Phases::move_on(const Complexes& spectrum) noexcept {
  int begin = 0, last_peak = -1;
  for (int bin = 0; bin < bins_; ++bin) {
    if (!is_peak(bin)) continue;
    const int edge = last_peak < 0 ? 0 : (last_peak + bin + 1) / 2;
    if (last_peak >= 0) give(begin, edge, turns_[last_peak] + advance(spectrum, last_peak));
    begin = edge;
    last_peak = bin;
  }
  if (last_peak >= 0) {
    give(begin, bins_, turns_[last_peak] + advance(spectrum, last_peak));
  } else {
    for (int bin = 0; bin < bins_; ++bin) next_[bin] = turns_[bin] + advance(spectrum, bin);
  }
  turns_.swap(next_);
}

void Phases::give(int first, int last, double turn) noexcept {
  turn -= 2.0 * kPi * std::nearbyint(turn / (2.0 * kPi));
  std::fill(next_.begin() + first, next_.begin() + last, turn);
}

}  // namespace wetprint::playing
