// What an octave divider counts; see src/wetprint/engine/octave_trigger.py, whose twin does the same
// operations in the same order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace wetprint {

// In the order of wetprint.engine.octave_trigger.Trigger.
struct TriggerSettings {
  double lowpass, highpass;
  double compared_lowpass, compared_slow, compared_slow_share;
  double held_lowpass, held_slow, held_slow_share;
  double attack, release, ratio, threshold;
};
constexpr std::size_t kTriggerSettings = 12;

// All that a trigger remembers. An array of doubles in Python.
struct TriggerState {
  double heard = 0.0, first = 0.0, first_before = 0.0, second = 0.0, second_before = 0.0;
  double passed = 0.0, compared = 0.0, compared_slow = 0.0, held = 0.0, held_slow = 0.0;
  double late = 0.0, above = 0.0, below = 0.0, latch = 0.0, count = 0.0;
};
constexpr std::size_t kTriggerState = 15;

class OctaveTrigger {
 public:
  explicit OctaveTrigger(const TriggerSettings& settings) : settings_(settings) {
    const double low = slope(settings.lowpass), high = slope(settings.highpass);
    const double whole = 1.0 + low + low * low;
    first_share_ = share(settings.lowpass);
    second_gain_ = low * low / whole;
    feedback_ = 2.0 * (low * low - 1.0) / whole;
    feedback_before_ = (1.0 - low + low * low) / whole;
    high_pole_ = (1.0 - high) / (1.0 + high);
    compared_share_ = share(settings.compared_lowpass);
    compared_slow_share_ = share(settings.compared_slow);
    held_share_ = share(settings.held_lowpass);
    held_slow_share_ = share(settings.held_slow);
  }

  // Hears one sample; returns by how much it exceeds what is counted.
  double hear(double sample, TriggerState& state) const {
    const double first = low_passed(state.first, first_share_, sample, state.heard);
    const double second = second_gain_ * (first + 2.0 * state.first + state.first_before) -
                          feedback_ * state.second - feedback_before_ * state.second_before;
    const double passed =
        high_pole_ * state.passed + 0.5 * (1.0 + high_pole_) * (second - state.second);
    const double compared = low_passed(state.compared, compared_share_, passed, state.passed);
    const double held = low_passed(state.held, held_share_, passed, state.passed);
    state.compared_slow =
        low_passed(state.compared_slow, compared_slow_share_, compared, state.compared);
    state.held_slow = low_passed(state.held_slow, held_slow_share_, held, state.held);
    const double now = compared + settings_.compared_slow_share * state.compared_slow;
    const double late = held + settings_.held_slow_share * state.held_slow;
    state.above = followed(state.above, std::max(late, 0.0), std::max(state.late, 0.0));
    state.below = followed(state.below, std::max(-late, 0.0), std::max(-state.late, 0.0));
    state.heard = sample;
    state.first_before = state.first;
    state.first = first;
    state.second_before = state.second;
    state.second = second;
    state.passed = passed;
    state.compared = compared;
    state.held = held;
    state.late = late;
    const double excess = -now - settings_.ratio * state.below - settings_.threshold;
    switch_latch(now - settings_.ratio * state.above - settings_.threshold, excess, state);
    return excess;
  }

 private:
  static double slope(double cutoff) {
    constexpr double kPi = 3.14159265358979323846;
    return std::tan(kPi * cutoff);
  }

  // Of the mean of two samples that a low-pass of first order, through the bilinear transform, takes.
  static double share(double cutoff) { return 2.0 * slope(cutoff) / (1.0 + slope(cutoff)); }

  static double low_passed(double before, double share, double sample, double sample_before) {
    return before + share * (0.5 * (sample + sample_before) - before);
  }

  double followed(double held, double level, double level_before) const {
    const double share = level > held ? settings_.attack : settings_.release;
    return low_passed(held, share, level, level_before);
  }

  static void switch_latch(double above, double below, TriggerState& state) {
    if (above >= 0.0) {
      state.latch = 0.0;
    } else if (below >= 0.0 && state.latch == 0.0) {
      state.latch = 1.0;
      state.count = state.count < 3.0 ? state.count + 1.0 : 0.0;
    }
  }

  TriggerSettings settings_;
  double first_share_, second_gain_, feedback_, feedback_before_, high_pole_;
  double compared_share_, compared_slow_share_, held_share_, held_slow_share_;
};

// Hears `samples` samples from a state, which it moves on; settings and state as Python has them.
inline void count_octaves(const double* settings, const float* x, std::size_t samples, double* state,
                          float* counts, float* excess) {
  TriggerSettings set;
  TriggerState now;
  static_assert(sizeof set == kTriggerSettings * sizeof(double));
  static_assert(sizeof now == kTriggerState * sizeof(double));
  std::memcpy(&set, settings, sizeof set);
  std::memcpy(static_cast<void*>(&now), state, sizeof now);
  const OctaveTrigger trigger(set);
  for (std::size_t at = 0; at < samples; ++at) {
    excess[at] = static_cast<float>(trigger.hear(x[at], now));
    counts[at] = static_cast<float>(now.count);
  }
  std::memcpy(state, &now, sizeof now);
}

}  // namespace wetprint
