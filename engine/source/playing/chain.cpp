#include "playing/chain.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "playing/denormals.h"
#include "playing/registry.h"

namespace wetprint::playing {
namespace {

constexpr std::size_t kMostBlocks = 256;

std::unique_ptr<Block> build_block(const Json& entry, Weights& weights, Budget& budget) {
  const Json* name = entry.find("block");
  const Json* config = entry.find("config");
  if (entry.members.size() != 2 || !name || !config || name->kind != Json::Kind::text) {
    throw ModelError("the model's header is damaged: a block needs 'block' and 'config'");
  }
  const BlockKind& kind = block_kind(name->text);
  Settings settings(*config, "block '" + name->text + "'");
  Plan plan{settings, weights, budget};
  std::unique_ptr<Block> block = kind.build(plan);
  settings.finish();
  return block;
}

}  // namespace

Chain::Chain(const ModelFile& file) {
  const Json* list = file.header.find("chain");
  if (!list || list->list.empty() || list->list.size() > kMostBlocks) {
    throw ModelError("the model's header is damaged: it describes no chain");
  }
  Weights weights(file.tensors);
  Budget budget;
  for (const Json& entry : list->list) {
    weights.enter("blocks." + std::to_string(blocks_.size()) + ".");
    std::unique_ptr<Block> block = build_block(entry, weights, budget);
    if (!blocks_.empty() && blocks_.back()->channels_out() != block->channels_in()) {
      throw ModelError("the model cannot be built: the channels of two neighbours do not fit");
    }
    blocks_.push_back(std::move(block));
  }
  weights.finish();
}

std::int64_t Chain::latency_samples() const {
  return std::accumulate(blocks_.begin(), blocks_.end(), std::int64_t{0},
                         [](auto sum, const auto& block) { return sum + block->latency_samples(); });
}

void Chain::reset(std::int64_t start_sample) noexcept {
  const NoDenormals guard;
  float silence[2][kMostChannels] = {};
  int from = 0;
  for (const auto& block : blocks_) {
    block->settle(silence[from], silence[1 - from], start_sample);
    from = 1 - from;
  }
}

void Chain::process(const float* const* inputs, float* const* outputs, int frames) noexcept {
  const NoDenormals guard;
  for (int first = 0; first < frames; first += kMostFrames) {
    play_piece(inputs, outputs, first, std::min(kMostFrames, frames - first));
  }
}

void Chain::play_piece(const float* const* inputs, float* const* outputs, int first, int frames) {
  for (int channel = 0; channel < channels_in(); ++channel) {
    for (int frame = 0; frame < frames; ++frame) {
      const float heard = inputs[channel][first + frame];
      rooms_[0][channel][frame] = std::isfinite(heard) ? heard : 0.0f;
    }
  }
  int from = 0;
  for (const auto& block : blocks_) {
    const float* rows_in[] = {rooms_[from][0], rooms_[from][1]};
    float* rows_out[] = {rooms_[1 - from][0], rooms_[1 - from][1]};
    block->process(rows_in, rows_out, frames);
    from = 1 - from;
  }
  for (int channel = 0; channel < channels_out(); ++channel) {
    std::copy_n(rooms_[from][channel], frames, outputs[channel] + first);
  }
}

}  // namespace wetprint::playing
