// A WaveNet that chooses among the steps of a mu-law scale and plays the mean of what it holds
// likely; see src/wetprint/blocks/mu_law_wavenet.py.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"
#include "playing/constant.h"
#include "playing/layer_array.h"

namespace wetprint::playing {
namespace {

constexpr double kMu = 255.0, kLeastReach = 1e-9, kMostReach = 1e9;
constexpr Range kWidths{1, 1024}, kKernelSizes{1, 1024}, kLayerCounts{1, 256}, kSteps{2, 1024};

float compressed(float amplitude) {
  const float place = std::log1p(static_cast<float>(kMu) * std::abs(amplitude)) /
                      static_cast<float>(std::log1p(kMu));
  return std::copysign(place, amplitude);
}

double expanded(double place) {
  return std::copysign(std::expm1(std::abs(place) * std::log1p(kMu)) / kMu, place);
}

class MuLawWaveNet : public Block {
 public:
  explicit MuLawWaveNet(Plan& plan)
      : channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)),
        steps_(plan.settings.number("steps", kSteps, 256)),
        head_width_(plan.settings.number("head_width", kWidths, 32)),
        array_(plan, "array.", read_array(plan.settings), channels_in_, 1.0f),
        heard_(plan.budget, std::int64_t{kMostChannels} * kMostFrames),
        heads_(plan.budget, std::int64_t{head_width_} * kMostFrames),
        likely_(plan.budget, std::int64_t{channels_out_} * steps_ * kMostFrames),
        choice_(plan.budget,
                plan.weights.take("choice.weight", {channels_out_ * steps_, head_width_, 1}),
                plan.weights.take("choice.bias", {channels_out_ * steps_}), head_width_) {
    const double reach = plan.settings.real("reach", kLeastReach, kMostReach, 1.0);
    for (int step = 0; step < steps_; ++step) {
      amplitudes_.push_back(static_cast<float>(reach * expanded(2.0 * step / (steps_ - 1) - 1.0)));
    }
    for (int row = 0; row < head_width_; ++row) {
      choice_.inputs()[static_cast<std::size_t>(row)] = heads_.data() + row * kMostFrames;
    }
    choice_.mix().output = likely_.data();
    choice_.mix().output_stride = kMostFrames;
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    Constant silence(silence_in, channels_in_);
    play(silence.dry(), silence.wet(), 1, true);
    silence.tell(silence_out, channels_out_);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    play(inputs, outputs, frames, false);
  }

 private:
  ArrayShape read_array(Settings& settings) const {
    ArrayShape shape;
    shape.layers.channels_in = channels_in_;
    shape.layers.width = settings.number("width", kWidths, 16);
    shape.layers.kernel_size = settings.number("kernel_size", kKernelSizes, 2);
    shape.layers.dilations = settings.numbers("dilations", kLayerCounts, {1, kLongestMemory});
    shape.layers.activation = MixActivation::gated;
    shape.layers.mixin = true;
    shape.head_width = head_width_;
    shape.head_bias = true;
    return shape;
  }

  void play(const float* const* dry, float* const* wet, int frames, bool settles) noexcept {
    const float* heard[kMostChannels] = {heard_.data(), heard_.data() + kMostFrames};
    for (int channel = 0; channel < channels_in_; ++channel) {
      std::transform(dry[channel], dry[channel] + frames, heard_.data() + channel * kMostFrames,
                     compressed);
      array_.inputs()[static_cast<std::size_t>(channel)] = heard[channel];
    }
    std::fill_n(array_.total().data(), array_.total().size(), 0.0f);
    array_.process(heard, heads_.data(), frames, settles);
    for (std::int64_t at = 0; at < heads_.size(); ++at) heads_[at] = std::max(heads_[at], 0.0f);
    choice_.play(frames);
    for (int channel = 0; channel < channels_out_; ++channel) {
      mean(likely_.data() + std::ptrdiff_t{channel} * steps_ * kMostFrames, wet[channel], frames);
    }
  }

  // The mean amplitude under the softmax over the rows of `likely`.
  void mean(const float* likely, float* wet, int frames) const noexcept {
    float most[kMostFrames], weight[kMostFrames] = {}, sum[kMostFrames] = {};
    std::copy_n(likely, frames, most);
    for (int step = 1; step < steps_; ++step) {
      const float* row = likely + step * kMostFrames;
      for (int frame = 0; frame < frames; ++frame) most[frame] = std::max(most[frame], row[frame]);
    }
    for (int step = 0; step < steps_; ++step) {
      const float* row = likely + step * kMostFrames;
      const float amplitude = amplitudes_[static_cast<std::size_t>(step)];
      for (int frame = 0; frame < frames; ++frame) {
        const float share = std::exp(row[frame] - most[frame]);
        weight[frame] += share;
        sum[frame] += share * amplitude;
      }
    }
    for (int frame = 0; frame < frames; ++frame) wet[frame] = sum[frame] / weight[frame];
  }

  int channels_in_, channels_out_, steps_, head_width_;
  LayerArray array_;
  Floats heard_, heads_, likely_;
  Mixer choice_;
  std::vector<float> amplitudes_;
};

}  // namespace

std::unique_ptr<Block> build_mu_law_wavenet(Plan& plan) {
  return std::make_unique<MuLawWaveNet>(plan);
}

}  // namespace wetprint::playing
