// Blocks one after the other: a model's chain, or one branch of a parallel block.
#pragma once

#include <memory>
#include <vector>

#include "playing/block.h"
#include "playing/json.h"

namespace wetprint::playing {

class Series {
 public:
  // `prefix` is where the blocks' weights are named, such as "blocks."; `depth` is how many
  // chains within chains it lies in. Throws ModelError unless the blocks fit one another.
  Series(const Json& list, const std::string& prefix, Weights& weights, Budget& budget, int depth);

  int channels_in() const { return blocks_.front()->channels_in(); }
  int channels_out() const { return blocks_.back()->channels_out(); }
  std::int64_t latency_samples() const;
  std::int64_t lookahead_samples() const;
  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample);
  // Plays at most kMostFrames frames.
  void process(const float* const* inputs, float* const* outputs, int frames) noexcept;

 private:
  std::vector<std::unique_ptr<Block>> blocks_;
  alignas(64) float rooms_[2][kMostChannels][kMostFrames] = {};
};

}  // namespace wetprint::playing
