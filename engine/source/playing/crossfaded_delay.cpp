// A delay that fades from one fixed length to the next; see src/wetprint/blocks/crossfaded_delay.py.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"
#include "playing/history.h"
#include "playing/periodic.h"

namespace wetprint::playing {
namespace {

constexpr double kShortestFade = 16.0, kLongestFade = 1e9;

// What is heard at a fixed delay, on a straight line between two samples.
struct Reader {
  float at(int frame) const { return newer[frame] + fraction * (older[frame] - newer[frame]); }

  const float* newer;
  const float* older;
  float fraction;
};

class CrossfadedDelay : public Block {
 public:
  explicit CrossfadedDelay(Plan& plan)
      : period_(plan.settings.real("period_samples", kShortestFade, kLongestFade, 48'000.0)),
        fade_(plan.settings.real("fade_samples", kShortestFade, kLongestFade, 4'800.0)),
        start_(plan.settings.real("fade_start_samples", 0.0, fade_, 0.0)),
        knots_(plan.settings.number("knots", kKnots, 64)),
        most_(plan.settings.number("most_delay_samples", {1, kLongestMemory}, 4096)),
        whole_(plan.settings.flag("whole_samples", true)),
        channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        trajectory_(plan.weights.take("trajectory", {channels_, knots_})),
        past_(plan.budget, channels_, most_ + 1) {}

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    sample_ = start_sample;
    past_.hold(silence_in);
    std::copy_n(silence_in, channels_, silence_out);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    past_.hear(inputs, frames);
    for (int channel = 0; channel < channels_; ++channel) {
      play(channel, outputs[channel], frames);
    }
    past_.advance(frames);
    sample_ += frames;
  }

 private:
  // One fade after the other; within each, both places stay where they are.
  void play(int channel, float* output, int frames) const {
    int frame = 0;
    while (frame < frames) {
      const double number = std::floor(position(frame));
      const Reader before = reader(channel, number), after = reader(channel, number + 1.0);
      do {
        const float old = before.at(frame), fresh = after.at(frame);
        output[frame] = old + static_cast<float>(position(frame) - number) * (fresh - old);
      } while (++frame < frames && position(frame) - number < 1.0);
    }
  }

  // Fades since the first one.
  double position(int frame) const {
    return (static_cast<double>(sample_ + frame) - start_) / fade_;
  }

  Reader reader(int channel, double number) const {
    const double turns = (start_ + fade_ * number) / period_;
    const KnotWeights weights(turns - std::floor(turns), knots_);
    double delay = weights.value(trajectory_.data() + channel * knots_);
    if (whole_) delay = std::nearbyint(delay);
    delay = std::clamp(delay, 0.0, static_cast<double>(most_));
    const auto whole = static_cast<std::int64_t>(delay);
    const std::int64_t row = channel * past_.stride();
    return {past_.window(whole) + row, past_.window(whole + 1) + row,
            static_cast<float>(delay - static_cast<double>(whole))};
  }

  double period_, fade_, start_;
  int knots_;
  std::int64_t most_;
  bool whole_;
  int channels_;
  std::vector<float> trajectory_;
  History past_;
  std::int64_t sample_ = 0;
};

}  // namespace

std::unique_ptr<Block> build_crossfaded_delay(Plan& plan) {
  return std::make_unique<CrossfadedDelay>(plan);
}

}  // namespace wetprint::playing
