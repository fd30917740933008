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

double held(double value, double bound) { return std::clamp(value, -bound, bound); }

struct Side {
  const float* curve;
  double feedback;
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
    for (int side = 0; side < channels_out_; ++side) {
      const double constant = entering(silence_in, side) / (1.0 - sides_[side].feedback);
      std::fill_n(sides_[side].memory, stages_ + 1, constant);  // which every stage lets pass
      silence_out[side] = static_cast<float>(constant);
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      const float now[kMostChannels] = {inputs[0][frame], inputs[channels_in_ - 1][frame]};
      const KnotWeights weights(phase_.at(frame), knots_);
      for (int number = 0; number < channels_out_; ++number) {
        Side& side = sides_[number];
        const double turn = std::tanh(held(weights.value(side.curve), kDeepestLogBreak) / 2.0);
        outputs[number][frame] = static_cast<float>(play_allpass_sample(
            entering(now, number), turn, side.spread, stages_, side.feedback, side.memory));
      }
    }
    phase_.advance(frames);
  }

 private:
  double entering(const float* inputs, int side) const {
    if (channels_in_ == 1) return inputs[0];
    return channels_out_ == 1 ? 0.5 * (double{inputs[0]} + inputs[1]) : inputs[side];
  }

  Phase phase_;
  int knots_, stages_, channels_in_, channels_out_;
  std::vector<float> curves_;
  Side sides_[kMostChannels];
};

}  // namespace

std::unique_ptr<Block> build_phaser(Plan& plan) { return std::make_unique<Phaser>(plan); }

}  // namespace wetprint::playing
