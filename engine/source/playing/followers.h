// What blocks that follow the level share: their rates, and whether two channels go together.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "playing/block.h"
#include "training/ballistics.h"

namespace wetprint::playing {

// The rate of a follower whose time constant is exp(time_log) samples.
inline double rate_of(float time_log) {
  constexpr double kShortestLog = -7.0, kLongestLog = 18.0;
  return -std::expm1(-std::exp(-std::clamp<double>(time_log, kShortestLog, kLongestLog)));
}

inline Ballistics ballistics_of(Plan& plan) {
  return {plan.settings.word("ballistics", {"branching", "decoupled"}, 0) == 1,
          rate_of(plan.weights.take("attack_log", {}).front()), rate_of(plan.weights.take("release_log", {}).front())};
}

enum Link { kNone, kLoudest, kMean };

inline const std::vector<std::string> kLinks = {"none", "loudest", "mean"};

// The amplitude or square that the follower of a channel, or the one of both, hears.
template <typename Sample>
double heard_at(bool squares, int link, int channels, int row, Sample sample) {
  const auto detected = [&](int channel) {
    const double value = sample(channel);
    return squares ? value * value : std::fabs(value);
  };
  if (channels == 1 || link == kNone) return detected(row);
  const double left = detected(0), right = detected(1);
  return link == kLoudest ? std::max(left, right) : 0.5 * (left + right);
}

}  // namespace wetprint::playing
