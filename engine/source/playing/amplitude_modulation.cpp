// A gain that follows an LFO; see src/wetprint/blocks/amplitude_modulation.py.
#include "playing/blocks.h"
#include "playing/periodic.h"

namespace wetprint::playing {
namespace {

class AmplitudeModulation : public Block {
 public:
  explicit AmplitudeModulation(Plan& plan)
      : phase_(plan.settings),
        knots_(plan.settings.number("knots", kKnots, 64)),
        channels_in_(plan.settings.number("channels_in", {1, kMostChannels}, 1)),
        channels_out_(plan.settings.number("channels_out", {channels_in_, kMostChannels}, 1)),
        gain_(plan.weights.take("gain", {channels_out_, knots_})) {}

  int channels_in() const override { return channels_in_; }
  int channels_out() const override { return channels_out_; }

  // A constant becomes one that moves: what follows is told where it stands.
  void settle(const float* silence_in, float* silence_out, std::int64_t start_sample) override {
    phase_.start_at(start_sample);
    const KnotWeights place(phase_.at(0), knots_);
    for (int channel = 0; channel < channels_out_; ++channel) {
      const double gain = place.value(gain_.data() + channel * knots_);
      silence_out[channel] = static_cast<float>(gain) * silence_in[channels_in_ == 1 ? 0 : channel];
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      const KnotWeights place(phase_.at(frame), knots_);
      for (int channel = 0; channel < channels_out_; ++channel) {
        const double gain = place.value(gain_.data() + channel * knots_);
        outputs[channel][frame] =
            static_cast<float>(gain) * inputs[channels_in_ == 1 ? 0 : channel][frame];
      }
    }
    phase_.advance(frames);
  }

 private:
  Phase phase_;
  int knots_;
  int channels_in_, channels_out_;
  std::vector<float> gain_;
};

}  // namespace

std::unique_ptr<Block> build_amplitude_modulation(Plan& plan) {
  return std::make_unique<AmplitudeModulation>(plan);
}

}  // namespace wetprint::playing
