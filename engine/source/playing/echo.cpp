// A delay line that is heard through one series of blocks and fed back through another; see
// src/wetprint/models/echo.py. The line is limited: no loop from a stranger's file runs away.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"
#include "playing/history.h"
#include "playing/series.h"

namespace wetprint::playing {
namespace {

constexpr float kLimit = 16.0f;
constexpr int kSettlingRounds = 200;  // after which a loop that loses 1 dB a round is 200 dB down

float finite(float value) { return std::isfinite(value) ? value : 0.0f; }

float limited(float value) { return std::clamp(finite(value), -kLimit, kLimit); }

class Echo : public Block {
 public:
  explicit Echo(Plan& plan)
      : delay_(plan.settings.number("delay_samples", {kMostFrames, kLongestMemory})),
        playback_(series(plan, "playback")),
        feedback_(series(plan, "feedback")),
        line_(plan.budget, playback_.channels_in(), delay_) {
    if (feedback_.channels_in() != playback_.channels_out() ||
        feedback_.channels_out() != playback_.channels_in()) {
      plan.settings.refuse("its feedback does not fit its playback");
    }
    refuse_sound_from_silence(plan, playback_);
    refuse_sound_from_silence(plan, feedback_);
  }

  int channels_in() const override { return playback_.channels_in(); }
  int channels_out() const override { return playback_.channels_out(); }

  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    float recorded[kMostChannels] = {}, back[kMostChannels] = {};
    for (int round = 0; round < kSettlingRounds; ++round) {
      for (int channel = 0; channel < channels_in(); ++channel) {
        recorded[channel] = limited(silence_in[channel] + back[channel]);
      }
      playback_.settle(recorded, silence_out, start_sample);
      feedback_.settle(silence_out, back, start_sample);
      if (std::equal(back, back + channels_in(), silent_)) break;  // nothing comes back
    }
    line_.hold(recorded);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    const float* arrived[kMostChannels] = {};
    for (int channel = 0; channel < channels_in(); ++channel) {
      arrived[channel] = line_.window(delay_) + channel * line_.stride();
    }
    playback_.process(arrived, outputs, frames);
    for (int channel = 0; channel < channels_out(); ++channel) {
      for (int frame = 0; frame < frames; ++frame) {
        outputs[channel][frame] = finite(outputs[channel][frame]);
      }
    }
    float* back[] = {back_[0], back_[1]};
    feedback_.process(outputs, back, frames);
    for (int channel = 0; channel < channels_in(); ++channel) {
      float* recorded = line_.next() + channel * line_.stride();
      for (int frame = 0; frame < frames; ++frame) {
        recorded[frame] = limited(inputs[channel][frame] + back[channel][frame]);
      }
    }
    line_.publish();
    line_.advance(frames);
  }

 private:
  static Series series(Plan& plan, const char* key) {
    constexpr int kDeepestNesting = 4;
    if (plan.depth >= kDeepestNesting) plan.settings.refuse("chains are nested too deeply");
    const Json& blocks = plan.settings.value(key);
    const std::string prefix = plan.prefix + key + ".blocks.";
    return Series(blocks, prefix, plan.weights, plan.budget, plan.depth + 1);
  }

  static void refuse_sound_from_silence(Plan& plan, Series& series) {
    float became[kMostChannels] = {};
    series.settle(silent_, became, 0);
    if (!std::equal(became, became + series.channels_out(), silent_)) {
      plan.settings.refuse("its loop makes sound of silence");
    }
  }

  static constexpr float silent_[kMostChannels] = {};

  std::int64_t delay_;
  Series playback_, feedback_;
  History line_;
  alignas(64) float back_[kMostChannels][kMostFrames] = {};
};

}  // namespace

std::unique_ptr<Block> build_echo(Plan& plan) { return std::make_unique<Echo>(plan); }

}  // namespace wetprint::playing
