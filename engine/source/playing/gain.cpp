// A factor for each channel.
#include "playing/blocks.h"

namespace wetprint::playing {
namespace {

class Gain : public Block {
 public:
  explicit Gain(Plan& plan)
      : channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        gains_(plan.weights.take("gain", {channels_})) {}

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    for (int channel = 0; channel < channels_; ++channel) {
      silence_out[channel] = silence_in[channel] * gains_[static_cast<std::size_t>(channel)];
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int channel = 0; channel < channels_; ++channel) {
      const float gain = gains_[static_cast<std::size_t>(channel)];
      for (int frame = 0; frame < frames; ++frame) {
        outputs[channel][frame] = inputs[channel][frame] * gain;
      }
    }
  }

 private:
  int channels_;
  std::vector<float> gains_;
};

}  // namespace

std::unique_ptr<Block> build_gain(Plan& plan) { return std::make_unique<Gain>(plan); }

}  // namespace wetprint::playing
