// A fixed delay of whole samples.
#include <algorithm>

#include "playing/blocks.h"
#include "playing/history.h"

namespace wetprint::playing {
namespace {

class Delay : public Block {
 public:
  explicit Delay(Plan& plan)
      : samples_(plan.settings.number("samples", {0, kLongestMemory})),
        channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        past_(plan.budget, channels_, samples_) {}

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }
  std::int64_t latency_samples() const override { return samples_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    past_.hold(silence_in);
    std::copy_n(silence_in, channels_, silence_out);
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    past_.hear(inputs, frames);
    for (int channel = 0; channel < channels_; ++channel) {
      std::copy_n(past_.window(samples_) + channel * past_.stride(), frames, outputs[channel]);
    }
    past_.advance(frames);
  }

 private:
  std::int64_t samples_;
  int channels_;
  History past_;
};

}  // namespace

std::unique_ptr<Block> build_delay(Plan& plan) { return std::make_unique<Delay>(plan); }

}  // namespace wetprint::playing
