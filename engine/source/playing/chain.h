// Blocks in series, cut into pieces that every block is asked for in turn.
#pragma once

#include <memory>
#include <vector>

#include "playing/block.h"
#include "playing/model_file.h"

namespace wetprint::playing {

class Chain {
 public:
  // Throws ModelError unless the file describes blocks that fit one another and its weights.
  explicit Chain(const ModelFile& file);

  int channels_in() const { return blocks_.front()->channels_in(); }
  int channels_out() const { return blocks_.back()->channels_out(); }
  std::int64_t latency_samples() const;
  void reset(std::int64_t start_sample) noexcept;
  void process(const float* const* inputs, float* const* outputs, int frames) noexcept;

 private:
  void play_piece(const float* const* inputs, float* const* outputs, int first, int frames);

  std::vector<std::unique_ptr<Block>> blocks_;
  alignas(64) float rooms_[2][kMostChannels][kMostFrames] = {};
};

}  // namespace wetprint::playing
