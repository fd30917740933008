#include "playing/series.h"

#include <algorithm>
#include <numeric>

#include "playing/registry.h"

namespace wetprint::playing {
namespace {

constexpr std::size_t kMostBlocks = 256;

std::unique_ptr<Block> build_block(const Json& entry, const std::string& prefix, Weights& weights,
                                   Budget& budget, int depth) {
  const Json* name = entry.find("block");
  const Json* config = entry.find("config");
  if (entry.members.size() != 2 || !name || !config || name->kind != Json::Kind::text) {
    throw ModelError("the model's header is damaged: a block needs 'block' and 'config'");
  }
  const BlockKind& kind = block_kind(name->text);
  Settings settings(*config, "block '" + name->text + "'");
  weights.enter(prefix);
  Plan plan{settings, weights, budget, prefix, depth};
  std::unique_ptr<Block> block = kind.build(plan);
  settings.finish();
  return block;
}

}  // namespace

Series::Series(const Json& list, const std::string& prefix, Weights& weights, Budget& budget,
               int depth) {
  if (list.kind != Json::Kind::list || list.list.empty() || list.list.size() > kMostBlocks) {
    throw ModelError("the model's header is damaged: it describes no chain");
  }
  for (const Json& entry : list.list) {
    const std::string here = prefix + std::to_string(blocks_.size()) + ".";
    std::unique_ptr<Block> block = build_block(entry, here, weights, budget, depth);
    if (!blocks_.empty() && blocks_.back()->channels_out() != block->channels_in()) {
      throw ModelError("the model cannot be built: the channels of two neighbours do not fit");
    }
    blocks_.push_back(std::move(block));
  }
}

std::int64_t Series::latency_samples() const {
  return std::accumulate(blocks_.begin(), blocks_.end(), std::int64_t{0},
                         [](auto sum, const auto& block) { return sum + block->latency_samples(); });
}

std::int64_t Series::lookahead_samples() const {
  return std::accumulate(
      blocks_.begin(), blocks_.end(), std::int64_t{0},
      [](auto sum, const auto& block) { return sum + block->lookahead_samples(); });
}

void Series::settle(const float* silence_in, float* silence_out, std::int64_t start_sample) {
  float silence[2][kMostChannels] = {};
  std::copy_n(silence_in, channels_in(), silence[0]);
  int from = 0;
  for (const auto& block : blocks_) {
    block->settle(silence[from], silence[1 - from], start_sample);
    from = 1 - from;
  }
  std::copy_n(silence[from], channels_out(), silence_out);
}

void Series::process(const float* const* inputs, float* const* outputs, int frames) noexcept {
  for (int channel = 0; channel < channels_in(); ++channel) {
    std::copy_n(inputs[channel], frames, rooms_[0][channel]);
  }
  int from = 0;
  for (const auto& block : blocks_) {
    const float* rows_in[] = {rooms_[from][0], rooms_[from][1]};
    float* rows_out[] = {rooms_[1 - from][0], rooms_[1 - from][1]};
    block->process(rows_in, rows_out, frames);
    from = 1 - from;
  }
  for (int channel = 0; channel < channels_out(); ++channel) {
    std::copy_n(rooms_[from][channel], frames, outputs[channel]);
  }
}

}  // namespace wetprint::playing
