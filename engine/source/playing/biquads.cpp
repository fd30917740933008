// Second-order sections in a row: see src/wetprint/blocks/biquads.py.
#include <algorithm>
#include <cmath>
#include <vector>

#include "playing/blocks.h"

namespace wetprint::playing {
namespace {

constexpr int kMostSections = 64;
constexpr double kLowestLog = -14.0, kHighestLog = 9.0, kLeastDampingLog = -9.0, kMostDampingLog = 14.0;

// In the transposed direct form II.
struct Section {
  double b0, b1, b2, a1, a2;
  double first[kMostChannels] = {}, second[kMostChannels] = {};

  double next(int channel, double heard) {
    const double played = b0 * heard + first[channel];
    first[channel] = b1 * heard - a1 * played + second[channel];
    second[channel] = b2 * heard - a2 * played;
    return played;
  }

  // Holds what a constant leaves, and returns what becomes of it.
  double settle(int channel, double heard) {
    const double played = heard * (b0 + b1 + b2) / (1.0 + a1 + a2);
    second[channel] = b2 * heard - a2 * played;
    first[channel] = b1 * heard - a1 * played + second[channel];
    return played;
  }
};

class Biquads : public Block {
 public:
  explicit Biquads(Plan& plan) : channels_(plan.settings.number("channels", {1, kMostChannels}, 1)) {
    const int count = plan.settings.number("sections", {1, kMostSections}, 1);
    const auto take = [&](const char* name) { return plan.weights.take(name, {count}); };
    const std::vector<float> frequency = take("frequency_log"), damping = take("damping_log");
    const std::vector<float> low = take("low"), band = take("band"), high = take("high");
    for (std::size_t at = 0; at < frequency.size(); ++at) {
      const double turn = std::exp(std::clamp<double>(frequency[at], kLowestLog, kHighestLog));
      const double slope = turn * std::exp(std::clamp<double>(damping[at], kLeastDampingLog, kMostDampingLog));
      const double square = turn * turn, whole = 1.0 + slope + square;
      const double lows = low[at] * square, bands = band[at] * slope, highs = high[at];
      sections_.push_back({(highs + bands + lows) / whole, 2.0 * (lows - highs) / whole,
                           (highs - bands + lows) / whole, 2.0 * (square - 1.0) / whole,
                           (1.0 - slope + square) / whole});
    }
  }

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    for (int channel = 0; channel < channels_; ++channel) {
      double heard = silence_in[channel];
      for (Section& section : sections_) heard = section.settle(channel, heard);
      silence_out[channel] = static_cast<float>(heard);
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int channel = 0; channel < channels_; ++channel) {
      for (int frame = 0; frame < frames; ++frame) {
        double heard = inputs[channel][frame];
        for (Section& section : sections_) heard = section.next(channel, heard);
        outputs[channel][frame] = static_cast<float>(heard);
      }
    }
  }

 private:
  int channels_;
  std::vector<Section> sections_;
};

}  // namespace

std::unique_ptr<Block> build_biquads(Plan& plan) { return std::make_unique<Biquads>(plan); }

}  // namespace wetprint::playing
