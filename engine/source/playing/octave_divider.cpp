// A flip-flop octave divider; see src/wetprint/blocks/octave_divider.py.
#include <algorithm>

#include "playing/blocks.h"
#include "training/octave_trigger.h"

namespace wetprint::playing {
namespace {

constexpr Range kOrders{1, 16};

TriggerSettings trigger_of(Settings& settings) {
  TriggerSettings made{};
  made.lowpass = settings.real("lowpass", 1e-5, 0.45, 0.01);
  made.highpass = settings.real("highpass", 1e-7, 0.1, 5e-4);
  made.lag = settings.real("lag", 0.0, 1.0, 0.0);
  made.held_lag = settings.real("held_lag", 0.0, 1.0, 0.0);
  made.attack = settings.real("attack", 1e-7, 1.0, 0.02);
  made.release = settings.real("release", 1e-7, 1.0, 0.02);
  made.ratio = settings.real("ratio", 0.0, 2.0, 0.9);
  made.threshold = settings.real("threshold", 1e-9, 1.0, 1e-3);
  return made;
}

class OctaveDivider : public Block {
 public:
  explicit OctaveDivider(Plan& plan)
      : trigger_(trigger_of(plan.settings)),
        is_inverted_(plan.settings.flag("inverted", false)),
        starts_at_(plan.settings.number("starts_at", {0, 3}, 0)),
        order_(plan.settings.number("order", kOrders, 5)),
        reach_(static_cast<float>(plan.settings.real("reach", 1e-6, 1e6, 1.0))),
        steady_(plan.weights.take("steady", {order_})),
        switched_(plan.weights.take("switched", {order_})) {}

  int channels_in() const override { return 1; }
  int channels_out() const override { return 2; }

  // Silence is heard as silence whatever it was before: the high-pass lets no constant through.
  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    state_ = {};
    const double constant = is_inverted_ ? -silence_in[0] : silence_in[0];
    state_.heard = state_.first = state_.first_before = constant;
    state_.second = state_.second_before = constant;
    state_.count = starts_at_;
    play(silence_in[0], silence_out[0], silence_out[1]);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      const float sample = inputs[0][frame];
      trigger_.hear(is_inverted_ ? -sample : sample, state_);
      play(sample, outputs[0][frame], outputs[1][frame]);
    }
  }

 private:
  void play(float sample, float& octave, float& second_octave) const {
    const int count = static_cast<int>(state_.count);
    const bool first = count == 1 || count == 3, second = count == 1 || count == 2;
    const float share = sample / reach_, inside = std::clamp(share, -1.0f, 1.0f);
    float below = 1.0f, sum = 0.0f;
    for (int order = 1; order <= order_; ++order) {
      const std::size_t at = static_cast<std::size_t>(order - 1);
      const float gain = steady_[at] + (first ? switched_[at] : -switched_[at]);
      sum += gain * (below * inside + static_cast<float>(order) * below * (share - inside));
      below *= inside;
    }
    octave = reach_ * sum;
    second_octave = second ? octave : -octave;
  }

  OctaveTrigger trigger_;
  bool is_inverted_;
  int starts_at_, order_;
  float reach_;
  std::vector<float> steady_, switched_;
  TriggerState state_;
};

}  // namespace

std::unique_ptr<Block> build_octave_divider(Plan& plan) {
  return std::make_unique<OctaveDivider>(plan);
}

}  // namespace wetprint::playing
