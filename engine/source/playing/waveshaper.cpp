// A static curve: a cubic spline on a grid that is equal or widens with the amplitude, a straight
// line beyond; see src/wetprint/blocks/waveshaper.py. Kept as one cubic for each interval.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"

namespace wetprint::playing {
namespace {

constexpr int kMostIntervals = 4096;
constexpr double kLeastReach = 1e-9, kMostReach = 1e9;
constexpr float kLeastEvenShare = 0.99e-6f;

// c[0] + c[1] p + c[2] p² + c[3] p³ between two knots, p from 0 to 1.
struct Cubic {
  float c[4];
};

Cubic cubic_of(const float* near) {
  const double a = near[0], b = near[1], c = near[2], d = near[3];
  return {{static_cast<float>((a + 4.0 * b + c) / 6.0), static_cast<float>((c - a) / 2.0),
           static_cast<float>((a - 2.0 * b + c) / 2.0),
           static_cast<float>((d - a + 3.0 * (b - c)) / 6.0)}};
}

class Waveshaper : public Block {
 public:
  explicit Waveshaper(Plan& plan)
      : channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        intervals_(plan.settings.number("intervals", {1, kMostIntervals}, 128)),
        reach_(static_cast<float>(plan.settings.real("reach", kLeastReach, kMostReach, 1.0))),
        even_below_(static_cast<float>(plan.settings.real("even_below", 0.0, kMostReach, 0.0))) {
    const std::vector<float>& knots = plan.weights.take("coefficients", {intervals_ + 3});
    for (int left = 0; left < intervals_; ++left) {
      cubics_.push_back(cubic_of(knots.data() + left));
    }
    if (even_below_ > 0.0f && (even_below_ < kLeastEvenShare * reach_ || even_below_ > reach_)) {
      throw ModelError("a curve's 'even_below' must be 0, or from a millionth of its reach to all");
    }
    whole_ = even_below_ > 0.0f ? std::asinh(reach_ / even_below_) : reach_;
    density_ = static_cast<float>(intervals_) / (2.0f * whole_);
    zero_ = curve(0.0f);
  }

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    for (int channel = 0; channel < channels_; ++channel) {
      silence_out[channel] = curve(silence_in[channel]) - zero_;
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int channel = 0; channel < channels_; ++channel) {
      for (int frame = 0; frame < frames; ++frame) {
        outputs[channel][frame] = curve(inputs[channel][frame]) - zero_;
      }
    }
  }

 private:
  float curve(float amplitude) const {
    const float bent = std::clamp(amplitude, -reach_, reach_);
    const bool widens = even_below_ > 0.0f;
    const float position = ((widens ? std::asinh(bent / even_below_) : bent) + whole_) * density_;
    // not a number is no place on the grid: it stays what it is, on the first interval
    const int left = position >= 1.0f ? std::min(static_cast<int>(position), intervals_ - 1) : 0;
    const float place = position - static_cast<float>(left);
    const float* c = cubics_[static_cast<std::size_t>(left)].c;
    const float value = c[0] + place * (c[1] + place * (c[2] + place * c[3]));
    if (bent == amplitude) return value;
    const float slope = c[1] + place * (2.0f * c[2] + place * 3.0f * c[3]);
    const float rise = widens ? density_ / std::hypot(bent, even_below_) : density_;
    return value + slope * rise * (amplitude - bent);
  }

  int channels_;
  int intervals_;
  float reach_;
  float even_below_;
  float whole_ = 1.0f;
  float density_ = 1.0f;
  float zero_ = 0.0f;
  std::vector<Cubic> cubics_;
};

}  // namespace

std::unique_ptr<Block> build_waveshaper(Plan& plan) { return std::make_unique<Waveshaper>(plan); }

}  // namespace wetprint::playing
