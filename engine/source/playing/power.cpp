// A whole power of the signal, straight beyond its reach; see src/wetprint/blocks/power.py.
#include <algorithm>

#include "playing/blocks.h"

namespace wetprint::playing {
namespace {

constexpr Range kOrders{1, 16};

class Power : public Block {
 public:
  explicit Power(Plan& plan)
      : order_(plan.settings.number("order", kOrders, 1)),
        reach_(static_cast<float>(plan.settings.real("reach", 1e-6, 1e6, 1.0))),
        channels_(plan.settings.number("channels", {1, kMostChannels}, 1)) {}

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    for (int channel = 0; channel < channels_; ++channel) {
      silence_out[channel] = value(silence_in[channel]);
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int channel = 0; channel < channels_; ++channel) {
      for (int frame = 0; frame < frames; ++frame) {
        outputs[channel][frame] = value(inputs[channel][frame]);
      }
    }
  }

 private:
  float value(float sample) const {
    const float share = sample / reach_, inside = std::clamp(share, -1.0f, 1.0f);
    float below = 1.0f;
    for (int each = 1; each < order_; ++each) below *= inside;
    return reach_ * (below * inside + static_cast<float>(order_) * below * (share - inside));
  }

  int order_;
  float reach_;
  int channels_;
};

}  // namespace

std::unique_ptr<Block> build_power(Plan& plan) { return std::make_unique<Power>(plan); }

}  // namespace wetprint::playing
