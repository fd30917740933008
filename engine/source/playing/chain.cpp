#include "playing/chain.h"

#include <algorithm>
#include <cmath>

#include "playing/denormals.h"

namespace wetprint::playing {
namespace {

const Json& described(const ModelFile& file) {
  const Json* list = file.header.find("chain");
  if (!list) throw ModelError("the model's header is damaged: it describes no chain");
  return *list;
}

}  // namespace

Chain::Chain(const ModelFile& file) : Chain(file, Weights(file.tensors), Budget()) {}

Chain::Chain(const ModelFile& file, Weights weights, Budget budget)
    : series_(described(file), "blocks.", weights, budget, 0) {
  weights.finish();
}

void Chain::reset(std::int64_t start_sample) noexcept {
  const NoDenormals guard;
  const float silence[kMostChannels] = {};
  float unheard[kMostChannels] = {};
  series_.settle(silence, unheard, start_sample);
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
      heard_[channel][frame] = std::isfinite(heard) ? heard : 0.0f;
    }
  }
  const float* rows_in[] = {heard_[0], heard_[1]};
  float* rows_out[] = {played_[0], played_[1]};
  series_.process(rows_in, rows_out, frames);
  for (int channel = 0; channel < channels_out(); ++channel) {
    std::copy_n(played_[channel], frames, outputs[channel] + first);
  }
}

}  // namespace wetprint::playing
