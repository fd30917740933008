// A flip-flop octave divider; see src/wetprint/blocks/octave_divider.py.
#include <algorithm>
#include <numeric>
#include <string>

#include "playing/blocks.h"
#include "training/octave_trigger.h"

namespace wetprint::playing {
namespace {

constexpr Range kOrders{1, 16};

TriggerSettings trigger_of(Settings& settings) {
  TriggerSettings made{};
  made.lowpass = settings.real("lowpass", 1e-5, 0.45, 0.01);
  made.highpass = settings.real("highpass", 1e-7, 0.1, 5e-4);
  made.compared_lowpass = settings.real("compared_lowpass", 1e-5, 0.49, 0.49);
  made.compared_slow = settings.real("compared_slow", 1e-7, 0.1, 3e-5);
  made.compared_slow_share = settings.real("compared_slow_share", -1.0, 4.0, 0.0);
  made.held_lowpass = settings.real("held_lowpass", 1e-5, 0.49, 0.49);
  made.held_slow = settings.real("held_slow", 1e-7, 0.1, 3e-5);
  made.held_slow_share = settings.real("held_slow_share", -1.0, 4.0, 0.0);
  made.attack = settings.real("attack", 1e-7, 1.0, 0.02);
  made.release = settings.real("release", 1e-7, 1.0, 0.02);
  made.ratio = settings.real("ratio", 0.0, 2.0, 0.9);
  made.threshold = settings.real("threshold", 1e-9, 1.0, 1e-3);
  return made;
}

// What one flip-flop makes of the sound that it switches.
class Switch {
 public:
  Switch(Plan& plan, const std::string& prefix, int order, float reach)
      : order_(order),
        reach_(reach),
        steady_(plan.weights.take(prefix + "steady", {order})),
        switched_(plan.weights.take(prefix + "switched", {order})) {}

  float play(float sample, bool is_up) const {
    const float share = sample / reach_, inside = std::clamp(share, -1.0f, 1.0f);
    float below = 1.0f, sum = 0.0f;
    for (int order = 1; order <= order_; ++order) {
      const std::size_t at = static_cast<std::size_t>(order - 1);
      const float gain = steady_[at] + (is_up ? switched_[at] : -switched_[at]);
      sum += gain * (below * inside + static_cast<float>(order) * below * (share - inside));
      below *= inside;
    }
    return reach_ * sum;
  }

 private:
  int order_;
  float reach_;
  std::vector<float> steady_, switched_;
};

class OctaveDivider : public Block {
 public:
  explicit OctaveDivider(Plan& plan)
      : trigger_(trigger_of(plan.settings)),
        is_inverted_(plan.settings.flag("inverted", false)),
        starts_at_(plan.settings.number("starts_at", {0, 3}, 0)),
        taps_(plan.settings.number("taps", {1, 4096}, 1)),
        first_(switch_of(plan, "", "order", 5)),
        second_(switch_of(plan, "second_", "second_order", 1)),
        response_(plan.budget, whole_lanes(taps_)),
        heard_(plan.budget, taps_ + whole_lanes(taps_)) {
    const auto& response = plan.weights.take("response", {taps_});
    std::copy(response.begin(), response.end(), response_.data());
  }

  int channels_in() const override { return 1; }
  int channels_out() const override { return 2; }

  // Silence is heard as silence whatever it was before: the high-pass lets no constant through.
  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    state_ = {};
    const double constant = is_inverted_ ? -silence_in[0] : silence_in[0];
    state_.heard = state_.first = state_.first_before = constant;
    state_.second = state_.second_before = constant;
    state_.count = starts_at_;
    const float turned = first_.play(silence_in[0], is_first_up());
    std::fill_n(heard_.data(), heard_.size(), turned);
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
  static constexpr int kLanes = 16;  // sums that do not wait for one another

  static int whole_lanes(int taps) { return (taps + kLanes - 1) / kLanes * kLanes; }

  static Switch switch_of(Plan& plan, const std::string& prefix, const char* order, int usual) {
    const int highest = plan.settings.number(order, kOrders, usual);
    const double reach = plan.settings.real("reach", 1e-6, 1e6, 1.0);
    return Switch(plan, prefix, highest, static_cast<float>(reach));
  }

  void play(float sample, float& octave, float& second_octave) {
    newest_ = newest_ == 0 ? taps_ - 1 : newest_ - 1;  // newest first, written twice
    heard_[newest_] = heard_[newest_ + taps_] = first_.play(sample, is_first_up());
    octave = filtered();
    const int count = static_cast<int>(state_.count);
    second_octave = second_.play(octave, count == 1 || count == 2);
  }

  bool is_first_up() const {
    const int count = static_cast<int>(state_.count);
    return count == 1 || count == 3;
  }

  // What lies behind the last tap is multiplied by zeros.
  float filtered() const {
    const float* heard = heard_.data() + newest_;
    float sums[kLanes] = {};
    for (std::int64_t tap = 0; tap < response_.size(); tap += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) {
        sums[lane] += response_[tap + lane] * heard[tap + lane];
      }
    }
    return std::accumulate(sums, sums + kLanes, 0.0f);
  }

  OctaveTrigger trigger_;
  bool is_inverted_;
  int starts_at_, taps_;
  Switch first_, second_;
  Floats response_, heard_;  // of the filter between the switches
  int newest_ = 0;
  TriggerState state_;
};

}  // namespace

std::unique_ptr<Block> build_octave_divider(Plan& plan) {
  return std::make_unique<OctaveDivider>(plan);
}

}  // namespace wetprint::playing
