// A filter whose cutoff follows the level; see src/wetprint/blocks/envelope_filter.py.
#include <algorithm>
#include <cmath>

#include "cpu/state_variable_section.h"
#include "playing/blocks.h"
#include "playing/followers.h"
#include "training/gain_curve.h"

namespace wetprint::playing {
namespace {

// As the twin holds them.
constexpr double kMiddleLogCutoff = -3.0, kLowestLogCutoff = -8.0, kHighestLogCutoff = 2.5;
constexpr double kLeastLogDamping = -5.0, kMostLogDamping = 3.0;
constexpr int kMostKnots = 256, kMostTerms = 8;

// Coefficients from the constant on.
double polynomial(const float* coefficients, int terms, double at) {
  double value = 0.0;
  for (int term = terms - 1; term >= 0; --term) value = value * at + coefficients[term];
  return value;
}

// What an envelope follower and the pole behind the curve hold, for one channel or for both.
struct Follower {
  double windowed, held, smooth, log_cutoff;
};

class EnvelopeFilter : public Block {
 public:
  explicit EnvelopeFilter(Plan& plan)
      : level_{plan.settings.word("detection", {"peak", "rms"}, 0) == 1},
        ballistics_(ballistics_of(plan)),
        sections_(plan.settings.number("sections", {1, kMostVariableSections}, 1)),
        knots_(plan.settings.number("knots", {4, kMostKnots}, 15)),
        lowest_db_(plan.settings.real("lowest_db", kQuietestDb, 59.0, -66.0)),
        density_((knots_ - 3) / (plan.settings.real("highest_db", lowest_db_ + 1.0, 60.0, 6.0) - lowest_db_)),
        damping_terms_(plan.settings.number("damping_terms", {1, kMostTerms}, 3)),
        mix_terms_(plan.settings.number("mix_terms", {1, kMostTerms}, 4)),
        lowest_(plan.settings.real("lowest_log_cutoff", kLowestLogCutoff, kHighestLogCutoff, kLowestLogCutoff)),
        highest_(plan.settings.real("highest_log_cutoff", lowest_, kHighestLogCutoff, kHighestLogCutoff)),
        channels_(plan.settings.number("channels", {1, kMostChannels}, 1)),
        link_(plan.settings.word("link", kLinks, kMean)),
        window_(rate_of(plan.weights.take("window_log", {}).front())),
        smoothing_(rate_of(plan.weights.take("smoothing_log", {}).front())),
        curve_(plan.weights.take("log_cutoff", {knots_})),
        damping_(plan.weights.take("log_damping", {damping_terms_})),
        mix_(plan.weights.take("mix", {1 + 2 * sections_, mix_terms_})) {}

  int channels_in() const override { return channels_; }
  int channels_out() const override { return channels_; }

  void settle(const float* silence_in, float* silence_out, std::int64_t) override {
    for (int row = 0; row < followers(); ++row) {
      const double constant = heard(row, [&](int channel) { return silence_in[channel]; });
      followers_[row] = {constant, constant, constant, curve(level_.db(constant))};
    }
    for (int channel = 0; channel < channels_; ++channel) {
      for (SectionMemory& each : memory_[channel]) each = {0.0, 0.0};
      memory_[channel][0].low = silence_in[channel];  // which only the first low-pass lets through
      silence_out[channel] = played(channel, silence_in[channel]);
    }
  }

  void process(const float* const* inputs, float* const* outputs, int frames) noexcept override {
    for (int frame = 0; frame < frames; ++frame) {
      for (int row = 0; row < followers(); ++row) {
        follow(followers_[row], heard(row, [&](int channel) { return inputs[channel][frame]; }));
      }
      for (int channel = 0; channel < channels_; ++channel) {
        outputs[channel][frame] = played(channel, inputs[channel][frame]);
      }
    }
  }

 private:
  int followers() const { return link_ == kNone ? channels_ : 1; }

  template <typename Sample>
  double heard(int row, Sample sample) const {
    return heard_at(level_.squares, link_, channels_, row, sample);
  }

  void follow(Follower& now, double sound) const {
    now.windowed += window_ * (sound - now.windowed);
    ballistics_.follow(now.windowed, now.held, now.smooth);
    now.log_cutoff += smoothing_ * (curve(level_.db(now.smooth)) - now.log_cutoff);
  }

  double curve(double level) const {
    const double position = std::clamp<double>((level - lowest_db_) * density_, 0.0, knots_ - 3);
    // not a number is no place on the grid: it stays what it is, on the first interval
    const int left = position >= 1.0 ? std::min(static_cast<int>(position), knots_ - 4) : 0;
    const double p = position - left, rest = 1.0 - p;
    const float* c = curve_.data() + left;
    const double value = (rest * rest * rest * c[0] + (3.0 * p * p * p - 6.0 * p * p + 4.0) * c[1] +
                          (3.0 * p * p - 3.0 * p * p * p + 3.0 * p + 1.0) * c[2] + p * p * p * c[3]) / 6.0;
    return std::clamp(value, kLowestLogCutoff, kHighestLogCutoff);
  }

  float played(int channel, float sample) {
    const double log_cutoff = followers_[followers() == 1 ? 0 : channel].log_cutoff;
    const double beyond = std::clamp(log_cutoff, lowest_, highest_) - kMiddleLogCutoff;
    const double wanted = polynomial(damping_.data(), damping_terms_, beyond);
    const double damping = std::exp(std::clamp(wanted, kLeastLogDamping, kMostLogDamping));
    const double cutoff = std::exp(log_cutoff);
    const float* share = mix_.data();
    const auto next_share = [&] {
      const double value = polynomial(share, mix_terms_, beyond);
      share += mix_terms_;
      return value;
    };
    double heard = next_share() * sample, entering = sample;
    for (int section = 0; section < sections_; ++section) {
      const SectionStates now = play_section_sample(entering, cutoff, damping, memory_[channel][section]);
      heard += next_share() * now.band;
      heard += next_share() * now.low;
      entering = damping * now.band;
    }
    return static_cast<float>(heard);
  }

  Level level_;
  Ballistics ballistics_;
  int sections_, knots_;
  double lowest_db_, density_;
  int damping_terms_, mix_terms_;
  double lowest_, highest_;
  int channels_, link_;
  double window_, smoothing_;
  std::vector<float> curve_, damping_, mix_;
  Follower followers_[kMostChannels] = {};
  SectionMemory memory_[kMostChannels][kMostVariableSections] = {};
};

}  // namespace

std::unique_ptr<Block> build_envelope_filter(Plan& plan) { return std::make_unique<EnvelopeFilter>(plan); }

}  // namespace wetprint::playing
