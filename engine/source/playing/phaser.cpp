// Allpass stages whose break frequency an LFO moves, in a loop; see src/wetprint/blocks/phaser.py.
#include <algorithm>
#include <cmath>

#include "cpu/allpass_stage.h"
#include "playing/blocks.h"
#include "playing/periodic.h"

namespace wetprint::playing {
namespace {

// As the twin holds them.
constexpr double kMostFeedback = 0.995, kDeepestLogBreak = 9.0, kWidestSpread = 4.0;
constexpr std::int64_t kLongestHold = 4096;

double held(double value, double bound) { return std::clamp(value, -bound, bound); }

struct Side {
  const float* curve;
  double feedback;
  double turn = 0.0;  // tanh of half the log break frequency, as it was reckoned last
  double spread[kMostAllpassStages] = {};
  double memory[kMostAllpassStages + 1] = {};
};

class Phaser : public Block {
 public:
  explicit Phaser(Plan& plan)
      : phase_(plan.settings),
        knots_(plan.settings.number("knots", kKnots, 32)),
        stages_(plan.settings.number("stages", {1, kMostAllpassStages}, 4)),
        channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {1, kMostChannels}, 1)),
        hold_(plan.settings.number("hold_samples", {1, kLongestHold}, 1)),
        hold_start_(plan.settings.number("hold_start", {0, kLongestHold - 1}, 0)),
        curves_(plan.weights.take("curve", {channels_out_, knots_})) {
    const auto& spread = plan.weights.take("spread", {channels_out_, stages_});
    const auto& feedback = plan.weights.take("feedback", {channels_out_});
    for (int side = 0; side < channels_out_; ++side) {
      sides_[side].curve = curves_.data() + side * knots_;
      sides_[side].feedback = held(feedback[static_cast<std::size_t>(side)], kMostFeedback);
      for (int stage = 0; stage < stages_; ++stage) {
        const float shift = spread[static_cast<std::size_t>(side * stages_ + stage)];
        sides_[side].spread[stage] = std::tanh(held(shift, kWidestSpread) / 2.0);
      }
    }
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    phase_.start_at(start_sample);
    const std::int64_t into = (start_sample - hold_start_) % hold_;
    since_ = static_cast<int>(into < 0 ? into + hold_ : into);
    for (int side = 0; side < channels_out_; ++side) {
      const double constant = entering(silence_in, side) / (1.0 - sides_[side].feedback);
      std::fill_n(sides_[side].memory, stages_ + 1, constant);  // which every stage lets pass
      silence_out[side] = static_cast<float>(constant);
      reckon(sides_[side], -since_);
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      const float now[kMostChannels] = {inputs[0][frame], inputs[channels_in_ - 1][frame]};
      const bool is_new = since_ == 0;
      for (int number = 0; number < channels_out_; ++number) {
        Side& side = sides_[number];
        if (is_new) reckon(side, frame);
        outputs[number][frame] = static_cast<float>(play_allpass_sample(
            entering(now, number), side.turn, side.spread, stages_, side.feedback, side.memory));
      }
      if (++since_ == hold_) since_ = 0;
    }
    phase_.advance(frames);
  }

 private:
  double entering(const float* inputs, int side) const {
    if (channels_in_ == 1) return inputs[0];
    return channels_out_ == 1 ? 0.5 * (double{inputs[0]} + inputs[1]) : inputs[side];
  }

  void reckon(Side& side, int frame) const {
    const double log_break = KnotWeights(phase_.at(frame), knots_).value(side.curve);
    side.turn = std::tanh(held(log_break, kDeepestLogBreak) / 2.0);
  }

  Phase phase_;
  int knots_, stages_, channels_in_, channels_out_, hold_, hold_start_;
  std::vector<float> curves_;
  int since_ = 0;  // samples that the break frequencies have stood still
  Side sides_[kMostChannels];
};

}  // namespace

std::unique_ptr<Block> build_phaser(Plan& plan) { return std::make_unique<Phaser>(plan); }

}  // namespace wetprint::playing
