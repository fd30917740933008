// A delay line whose length follows an LFO, and which may return to its input; see
// src/wetprint/blocks/modulated_delay.py.
#include <algorithm>

#include "cpu/interpolation.h"
#include "playing/blocks.h"
#include "playing/periodic.h"

namespace wetprint::playing {
namespace {

using namespace wetprint::interpolation;

constexpr float kStrongestFeedback = 0.9999f;
const std::vector<std::string> kMethods = {"linear", "lagrange", "sinc"};

std::int64_t ring_length(std::int64_t memory) {
  std::int64_t length = 1;
  while (length < memory) length *= 2;
  return length;
}

class ModulatedDelay : public Block {
 public:
  explicit ModulatedDelay(Plan& plan)
      : phase_(plan.settings),
        knots_(plan.settings.number("knots", kKnots, 64)),
        most_(plan.settings.number("most_delay_samples", {16, kLongestMemory}, 4096)),
        method_(static_cast<Interpolation>(plan.settings.word("interpolation", kMethods, 0))),
        channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {channels_in_, kMostChannels}, 1)),
        trajectory_(plan.weights.take("trajectory", {channels_out_, knots_})),
        feedback_(plan.weights.take("feedback", {channels_out_})),
        length_(ring_length(most_ + kMostTaps)),
        line_(plan.budget, length_ * channels_out_) {
    for (float& each : feedback_) each = std::clamp(each, -kStrongestFeedback, kStrongestFeedback);
  }

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    phase_.start_at(start_sample);
    for (int channel = 0; channel < channels_out_; ++channel) {
      const float heard = silence_in[channels_in_ == 1 ? 0 : channel];
      const float level = heard / (1.0f - feedback_[static_cast<std::size_t>(channel)]);
      std::fill_n(line_.data() + channel * length_, length_, level);
      silence_out[channel] = level;
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    with_method(method_, [&](auto method) {
      for (int channel = 0; channel < channels_out_; ++channel) {
        play<decltype(method)>(channel, inputs[channels_in_ == 1 ? 0 : channel], outputs[channel], frames);
      }
    });
    phase_.advance(frames);
    position_ = (position_ + frames) & (length_ - 1);
  }

 private:
  // The line holds what was heard and what came back; the present enters it after it was read.
  template <typename Method>
  void play(int channel, const float* input, float* output, int frames) {
    const float* knots = trajectory_.data() + channel * knots_;
    const float feedback = feedback_[static_cast<std::size_t>(channel)];
    float* line = line_.data() + channel * length_;
    const std::int64_t mask = length_ - 1;
    Taps taps;
    for (int frame = 0; frame < frames; ++frame) {
      const double wanted = KnotWeights(phase_.at(frame), knots_).value(knots);
      const double delay = std::clamp<double>(wanted, Method::kNewer + 1, most_);
      const Place<Method> place(delay);
      Method::weigh(place.fraction, taps);
      const std::int64_t newest = position_ + frame + place.newest;
      float sum = 0.0f;
      for (int tap = 0; tap < Method::kTaps; ++tap) sum += taps.weight[tap] * line[(newest - tap) & mask];
      line[(position_ + frame) & mask] = input[frame] + feedback * sum;
      output[frame] = sum;
    }
  }

  Phase phase_;
  int knots_;
  std::int64_t most_;
  Interpolation method_;
  int channels_in_, channels_out_;
  std::vector<float> trajectory_, feedback_;
  std::int64_t length_;
  Floats line_;  // a ring of each channel out
  std::int64_t position_ = 0;
};

}  // namespace

std::unique_ptr<Block> build_modulated_delay(Plan& plan) { return std::make_unique<ModulatedDelay>(plan); }

}  // namespace wetprint::playing
