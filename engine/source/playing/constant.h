// A constant on every channel for a whole block of frames: what a block settles to is found by
// playing it.
#pragma once

#include <algorithm>

#include "playing/block.h"

namespace wetprint::playing {

class Constant {
 public:
  // `levels` has one value a channel.
  Constant(const float* levels, int channels) {
    for (int channel = 0; channel < channels; ++channel) {
      std::fill_n(heard_[channel], kMostFrames, levels[channel]);
    }
  }

  Constant(const Constant&) = delete;
  Constant& operator=(const Constant&) = delete;

  const float* const* dry() const { return dry_; }
  float* const* wet() { return wet_; }

  // Says what each channel became at a frame.
  void tell(float* levels, int channels, int frame = 0) const {
    for (int channel = 0; channel < channels; ++channel) levels[channel] = became_[channel][frame];
  }

 private:
  float heard_[kMostChannels][kMostFrames] = {}, became_[kMostChannels][kMostFrames] = {};
  const float* dry_[kMostChannels] = {heard_[0], heard_[1]};
  float* wet_[kMostChannels] = {became_[0], became_[1]};
};

}  // namespace wetprint::playing
