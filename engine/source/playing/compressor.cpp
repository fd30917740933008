// A compressor or expander: a gain that follows the level; see src/wetprint/blocks/compressor.py.
#include <algorithm>
#include <cmath>

#include "playing/blocks.h"

namespace wetprint::playing {
namespace {

constexpr double kQuietestDb = -160.0, kLeastGainDb = -120.0, kMostGainDb = 60.0, kWidestKneeDb = 120.0;
constexpr double kShortestLog = -7.0, kLongestLog = 18.0;
constexpr int kMostKnots = 1024, kLongestLookahead = 19'200;

enum Detection { kPeak, kRms };
enum Followed { kGain, kLevel };
enum Ballistics { kBranching, kDecoupled };
enum Link { kNone, kLoudest, kMean };

double rate_of(float time_log) {
  return -std::expm1(-std::exp(-std::clamp<double>(time_log, kShortestLog, kLongestLog)));
}

// The static curve, gain in dB over level in dBFS.
class Curve {
 public:
  explicit Curve(Plan& plan) {
    Settings& settings = plan.settings;
    is_free_ = settings.word("curve", {"knee", "free"}, 0) == 1;
    const int knots = settings.number("knots", {2, kMostKnots}, 103);
    lowest_ = settings.real("lowest_db", kQuietestDb, 59.0, -90.0);
    const double highest = settings.real("highest_db", lowest_ + 1.0, 60.0, 12.0);
    density_ = (knots - 1) / (highest - lowest_);
    if (is_free_) {
      knots_ = plan.weights.take("gain_db", {knots});
      return;
    }
    threshold_ = plan.weights.take("threshold_db", {}).front();
    below_ = plan.weights.take("slope_below", {}).front();
    above_ = plan.weights.take("slope_above", {}).front();
    width_ = std::min<double>(std::exp(plan.weights.take("width_log", {}).front()), kWidestKneeDb);
    makeup_ = plan.weights.take("makeup_db", {}).front();
  }

  double gain_db(double level) const {
    return std::clamp(is_free_ ? free(level) : knee(level), kLeastGainDb, kMostGainDb);
  }

 private:
  double free(double level) const {
    const int intervals = static_cast<int>(knots_.size()) - 1;
    const double position = std::clamp<double>((level - lowest_) * density_, 0.0, intervals);
    // not a number is no place on the grid: it stays what it is, on the first interval
    const int left = position >= 1.0 ? std::min(static_cast<int>(position), intervals - 1) : 0;
    const double place = position - left;
    const std::size_t at = static_cast<std::size_t>(left);
    return knots_[at] * (1.0 - place) + knots_[at + 1] * place;
  }

  double knee(double level) const {
    const double over = level - threshold_, entered = std::max(over + 0.5 * width_, 0.0);
    const double bent = entered < width_ ? entered * entered / (2.0 * width_) : over;
    return makeup_ + below_ * over + (above_ - below_) * bent;
  }

  bool is_free_ = false;
  double lowest_ = 0.0, density_ = 0.0;
  std::vector<float> knots_;
  double threshold_ = 0.0, below_ = 0.0, above_ = 0.0, width_ = 1.0, makeup_ = 0.0;
};

// What one channel, or both together, hold from sample to sample.
struct Followers {
  double window = 0.0, held = 0.0, smooth = 0.0;
};

class Compressor : public Block {
 public:
  explicit Compressor(Plan& plan)
      : detection_(plan.settings.word("detection", {"peak", "rms"}, kPeak)),
        followed_(plan.settings.word("followed", {"gain", "level"}, kGain)),
        ballistics_(plan.settings.word("ballistics", {"branching", "decoupled"}, kBranching)),
        link_(plan.settings.word("link", {"none", "loudest", "mean"}, kLoudest)),
        channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        lookahead_(plan.settings.number("lookahead_samples", {0, kLongestLookahead}, 0)),
        curve_(plan),
        attack_(rate_of(plan.weights.take("attack_log", {}).front())),
        release_(rate_of(plan.weights.take("release_log", {}).front())),
        line_(plan.budget, std::int64_t{channels_} * (lookahead_ + 1)) {
    has_window_ = detection_ == kRms && followed_ == kGain;
    if (has_window_) window_ = rate_of(plan.weights.take("window_log", {}).front());
  }

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }
  std::int64_t lookahead_samples() const override { return lookahead_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    place_ = 0;
    for (int row = 0; row < gains(); ++row) {
      const double heard = heard_at(row, [&](int channel) { return silence_in[channel]; });
      const double rest = followed_ == kLevel ? heard : -curve_.gain_db(level_db(heard));
      followers_[row] = {heard, rest, rest};
    }
    for (int channel = 0; channel < channels_; ++channel) {
      std::fill_n(line_.data() + channel * (lookahead_ + 1), lookahead_ + 1, silence_in[channel]);
      const Followers& state = followers_[gains() == 1 ? 0 : channel];
      silence_out[channel] = static_cast<float>(silence_in[channel] * gain_behind(state.smooth));
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      double gain[kMostChannels] = {};
      for (int row = 0; row < gains(); ++row) {
        gain[row] = next_gain(followers_[row], heard_at(row, [&](int channel) { return inputs[channel][frame]; }));
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

  // The amplitude or square that the detector of a gain hears.
  template <typename Sample>
  double heard_at(int row, Sample sample) const {
    const auto detected = [&](int channel) {
      const double value = sample(channel);
      return detection_ == kPeak ? std::fabs(value) : value * value;
    };
    if (channels_ == 1 || link_ == kNone) return detected(row);
    const double left = detected(0), right = detected(1);
    return link_ == kLoudest ? std::max(left, right) : 0.5 * (left + right);
  }

  double level_db(double heard) const {
    constexpr double kLeast = 1e-8;
    return detection_ == kPeak ? 20.0 * std::log10(std::max(heard, kLeast))
                               : 10.0 * std::log10(std::max(heard, kLeast * kLeast));
  }

  double next_gain(Followers& state, double heard) const {
    if (has_window_) heard = state.window += window_ * (heard - state.window);
    const double wanted = followed_ == kLevel ? heard : -curve_.gain_db(level_db(heard));
    const double rise = wanted - state.held;
    if (ballistics_ == kBranching) {
      state.smooth = state.held += (rise > 0.0 ? attack_ : release_) * rise;
    } else {
      state.held += rise > 0.0 ? rise : release_ * rise;
      state.smooth += attack_ * (state.held - state.smooth);
    }
    return gain_behind(state.smooth);
  }

  double gain_behind(double followed) const {
    const double gain_db = followed_ == kLevel ? curve_.gain_db(level_db(followed)) : -followed;
    return std::exp(gain_db * 0.11512925464970229);  // ln(10) / 20
  }

  float delayed(int channel, float sample) {
    float* line = line_.data() + channel * (lookahead_ + 1);
    line[place_] = sample;
    return line[place_ == lookahead_ ? 0 : place_ + 1];
  }

  int detection_, followed_, ballistics_, link_, channels_, lookahead_;
  Curve curve_;
  double attack_, release_, window_ = 1.0;
  bool has_window_ = false;
  Floats line_;  // a ring of each channel, as long as the sound waits and one more
  int place_ = 0;
  Followers followers_[kMostChannels];
};

}  // namespace

std::unique_ptr<Block> build_compressor(Plan& plan) { return std::make_unique<Compressor>(plan); }

}  // namespace wetprint::playing
