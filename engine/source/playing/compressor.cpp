// A compressor or expander: a gain that follows the level; see src/wetprint/blocks/compressor.py.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"
#include "playing/followers.h"
#include "training/gain_detector.h"

namespace wetprint::playing {
namespace {

constexpr double kWidestKneeDb = 120.0;
constexpr int kMostKnots = 1024, kLongestLookahead = 19'200;

// The static curve and the numbers that make it.
class Curve {
 public:
  explicit Curve(Plan& plan) {
    Settings& settings = plan.settings;
    const bool is_free = settings.word("curve", {"knee", "free"}, 0) == 1;
    const int knots = settings.number("knots", {2, kMostKnots}, 103);
    const double lowest = settings.real("lowest_db", kQuietestDb, 59.0, -90.0);
    const double highest = settings.real("highest_db", lowest + 1.0, 60.0, 12.0);
    if (is_free) {
      values_ = plan.weights.take("gain_db", {knots});
    } else {
      for (const char* name : {"threshold_db", "slope_below", "slope_above", "width_log", "makeup_db"}) {
        values_.push_back(plan.weights.take(name, {}).front());
      }
      values_[kWidth] = static_cast<float>(std::min<double>(std::exp(values_[kWidth]), kWidestKneeDb));
    }
    curve_ = {values_.data(), is_free ? knots : 0, lowest, (knots - 1) / (highest - lowest)};
  }

  Curve(const Curve&) = delete;
  Curve& operator=(const Curve&) = delete;

  const GainCurve& get() const { return curve_; }

 private:
  std::vector<float> values_;
  GainCurve curve_{};
};

class Compressor : public Block {
 public:
  explicit Compressor(Plan& plan)
      : link_(plan.settings.word("link", kLinks, kLoudest)),
        channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        lookahead_(plan.settings.number("lookahead_samples", {0, kLongestLookahead}, 0)),
        curve_(plan),
        detector_{{plan.settings.word("detection", {"peak", "rms"}, 0) == 1},
                  plan.settings.flag("is_fed_back", false),
                  plan.settings.word("followed", {"gain", "level"}, 0) == 1,
                  1.0,
                  ballistics_of(plan),
                  curve_.get()},
        line_(plan.budget, std::int64_t{channels_} * (lookahead_ + 1)) {
    if (plan.settings.flag("is_smoothed", false)) {
      detector_.window = rate_of(plan.weights.take("window_log", {}).front());
    }
    if (detector_.is_fed_back && lookahead_) {
      plan.settings.refuse("lookahead_samples must be 0 where the detector hears what is played");
    }
  }

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }
  std::int64_t lookahead_samples() const override { return lookahead_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    place_ = 0;
    for (int row = 0; row < gains(); ++row) {
      states_[row] = detector_.settled(heard(row, [&](int channel) { return silence_in[channel]; }));
    }
    for (int channel = 0; channel < channels_; ++channel) {
      std::fill_n(line_.data() + channel * (lookahead_ + 1), lookahead_ + 1, silence_in[channel]);
      const DetectorState& state = states_[gains() == 1 ? 0 : channel];
      silence_out[channel] = static_cast<float>(silence_in[channel] * factor(detector_.gain_db(state)));
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      double gain[kMostChannels] = {};
      for (int row = 0; row < gains(); ++row) {
        const double now = heard(row, [&](int channel) { return inputs[channel][frame]; });
        states_[row] = detector_.next(states_[row], now);
        gain[row] = factor(detector_.gain_db(states_[row]));
      }
      for (int channel = 0; channel < channels_; ++channel) {
        const double sound = delayed(channel, inputs[channel][frame]);
        outputs[channel][frame] = static_cast<float>(sound * gain[gains() == 1 ? 0 : channel]);
      }
      if (++place_ > lookahead_) place_ = 0;
    }
  }

 private:
  int gains() const { return link_ == kNone ? channels_ : 1; }

  template <typename Sample>
  double heard(int row, Sample sample) const {
    return heard_at(detector_.level.squares, link_, channels_, row, sample);
  }

  float delayed(int channel, float sample) {
    float* line = line_.data() + channel * (lookahead_ + 1);
    line[place_] = sample;
    return line[place_ == lookahead_ ? 0 : place_ + 1];
  }

  int link_, channels_, lookahead_;
  Curve curve_;
  GainDetector detector_;
  Floats line_;  // a ring of each channel, as long as the sound waits and one more
  int place_ = 0;
  DetectorState states_[kMostChannels] = {};
};

}  // namespace

std::unique_ptr<Block> build_compressor(Plan& plan) { return std::make_unique<Compressor>(plan); }

}  // namespace wetprint::playing
