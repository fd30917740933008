// What blocks that follow the level share: their rates, and whether two channels go together.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace wetprint::playing {

// The rate of a follower whose time constant is exp(time_log) samples.
inline double rate_of(float time_log) {
  constexpr double kShortestLog = -7.0, kLongestLog = 18.0;
  return -std::expm1(-std::exp(-std::clamp<double>(time_log, kShortestLog, kLongestLog)));
}

enum Link { kNone, kLoudest, kMean };

inline const std::vector<std::string> kLinks = {"none", "loudest", "mean"};

// What the follower of a channel, or the one of both, hears of what `detected` says of each.
template <typename Detected>
double linked(int link, int channels, int row, Detected detected) {
  if (channels == 1 || link == kNone) return detected(row);
  const double left = detected(0), right = detected(1);
  return link == kLoudest ? std::max(left, right) : 0.5 * (left + right);
}

}  // namespace wetprint::playing
