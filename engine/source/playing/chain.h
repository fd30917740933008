// A model's chain: cut into pieces that its blocks are asked for, and guarded against what strangers
// play into it.
#pragma once

#include "playing/model_file.h"
#include "playing/series.h"

namespace wetprint::playing {

class Chain {
 public:
  // Throws ModelError unless the file describes blocks that fit one another and its weights.
  explicit Chain(const ModelFile& file);

  int channels_in() const { return series_.channels_in(); }
  int channels_out() const { return series_.channels_out(); }
  std::int64_t latency_samples() const { return series_.latency_samples(); }
  std::int64_t lookahead_samples() const { return series_.lookahead_samples(); }
  void reset(std::int64_t start_sample) noexcept;
  void process(const float* const* inputs, float* const* outputs, int frames) noexcept;

 private:
  Chain(const ModelFile& file, Weights weights, Budget budget);
  void play_piece(const float* const* inputs, float* const* outputs, int first, int frames);

  Series series_;
  alignas(64) float heard_[kMostChannels][kMostFrames] = {};
  alignas(64) float played_[kMostChannels][kMostFrames] = {};
};

}  // namespace wetprint::playing
