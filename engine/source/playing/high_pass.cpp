// A first-order high-pass: y[n] = pole y[n - 1] + (1 + pole) / 2 (x[n] - x[n - 1]).
#include <algorithm>

#include "playing/blocks.h"

namespace wetprint::playing {
namespace {

constexpr double kSteepestPole = 1.0 - 1e-7;  // as the twin holds it, so that it can never run away

class HighPass : public Block {
 public:
  explicit HighPass(Plan& plan)
      : channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        pole_(std::clamp<double>(plan.weights.take("pole", {}).front(), -kSteepestPole,
                                 kSteepestPole)) {}

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    for (int channel = 0; channel < channels_; ++channel) {
      heard_[channel] = silence_in[channel];
      played_[channel] = 0.0;
      silence_out[channel] = 0.0f;
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    const double gain = 0.5 * (1.0 + pole_);
    for (int channel = 0; channel < channels_; ++channel) {
      double heard = heard_[channel], played = played_[channel];
      for (int frame = 0; frame < frames; ++frame) {
        const double now = inputs[channel][frame];
        played = pole_ * played + gain * (now - heard);
        heard = now;
        outputs[channel][frame] = static_cast<float>(played);
      }
      heard_[channel] = heard;
      played_[channel] = played;
    }
  }

 private:
  int channels_;
  double pole_;
  double heard_[kMostChannels] = {};
  double played_[kMostChannels] = {};
};

}  // namespace

std::unique_ptr<Block> build_high_pass(Plan& plan) { return std::make_unique<HighPass>(plan); }

}  // namespace wetprint::playing
