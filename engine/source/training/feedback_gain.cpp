#include "training/feedback_gain.h"

namespace wetprint {

void feedback_gain(const GainDetector& detector, const DetectorState& past, const float* x,
                   std::ptrdiff_t samples, double* states, float* gain) {
  DetectorState state = past;
  for (std::ptrdiff_t t = 0; t < samples; ++t, states += kDetectorStates) {
    state = detector.next(state, x[t]);
    states[0] = state.window;
    states[1] = state.held;
    states[2] = state.smooth;
    states[3] = state.returned;
    gain[t] = static_cast<float>(detector.gain_db(state));
  }
}

void feedback_gain_backward(const GainDetector& detector, const DetectorState& past,
                            std::ptrdiff_t samples, const double* states, const float* to_gain,
                            const FeedbackGradients& to) {
  const Level& level = detector.level;
  const double power = level.power();
  const auto state_at = [&](std::ptrdiff_t t) {
    const double* at = states + t * kDetectorStates;
    return t < 0 ? past : DetectorState{at[0], at[1], at[2], at[3]};
  };
  DetectorState slope{};  // of what comes later by the state
  DetectorState now = state_at(samples - 1);
  for (std::ptrdiff_t t = samples - 1; t >= 0; --t) {
    const DetectorState before = state_at(t - 1);
    to.x[t] = static_cast<float>(slope.returned * std::exp(detector.gain_db(now) * power));
    const double to_this = to_gain[t] + slope.returned * now.returned * power;
    if (detector.follows_level) {
      const double to_level = detector.curve.backward(level.db(now.smooth), to_this, to.values);
      slope.smooth += to_level * level.slope(now.smooth);
    } else {
      slope.smooth -= to_this;
    }
    if (detector.ballistics.decoupled) {
      slope.held += detector.ballistics.attack * slope.smooth;
      to.rates[1] += slope.smooth * (now.held - before.smooth);
      slope.smooth *= 1.0 - detector.ballistics.attack;
    } else {
      slope.held += slope.smooth;
      slope.smooth = 0.0;
    }
    const double level_db = detector.follows_level ? 0.0 : level.db(now.window);
    const double wanted = detector.follows_level ? now.window : -detector.curve.gain_db(level_db);
    const double rise = wanted - before.held;
    const bool at_once = rise > 0.0 && detector.ballistics.decoupled;
    const double rate = at_once ? 1.0 : (rise > 0.0 ? detector.ballistics.attack : detector.ballistics.release);
    if (!at_once) to.rates[rise > 0.0 ? 1 : 2] += slope.held * rise;
    const double to_wanted = rate * slope.held;
    slope.held *= 1.0 - rate;
    if (detector.follows_level) {
      slope.window += to_wanted;
    } else {
      slope.window += detector.curve.backward(level_db, -to_wanted, to.values) * level.slope(now.window);
    }
    to.rates[0] += slope.window * (before.returned - before.window);
    slope.returned = detector.window * slope.window;
    slope.window *= 1.0 - detector.window;
    now = before;
  }
  to.past[0] += slope.window;
  to.past[1] += slope.held;
  to.past[2] += slope.smooth;
  to.past[3] += slope.returned;
}

}  // namespace wetprint
