// What hears, follows and turns in a compressor: see src/wetprint/blocks/compressor.py.
#pragma once

#include <cmath>

#include "training/ballistics.h"
#include "training/gain_curve.h"

namespace wetprint {

// What a detector holds from sample to sample; `returned` is what it last made of what is heard.
struct DetectorState {
  double window, held, smooth, returned;
};

// `level` says what is heard: what comes in or, fed back, what came out a sample before; one pole at
// the rate `window` smooths it. The follower behind that follows the level, or the gain behind the curve.
struct GainDetector {
  Level level;
  bool is_fed_back, follows_level;
  double window;
  Ballistics ballistics;
  GainCurve curve;

  // What one more sample, as it was before its gain, makes of the state.
  DetectorState next(const DetectorState& past, double heard) const {
    DetectorState now = past;
    now.window += window * ((is_fed_back ? past.returned : heard) - past.window);
    const double wanted = follows_level ? now.window : -curve.gain_db(level.db(now.window));
    ballistics.follow(wanted, now.held, now.smooth);
    if (is_fed_back) now.returned = heard * std::exp(gain_db(now) * level.power());
    return now;
  }

  double gain_db(const DetectorState& state) const {
    return follows_level ? curve.gain_db(level.db(state.smooth)) : -state.smooth;
  }

  // What everything holds where the same is heard for ever.
  DetectorState settled(double heard) const {
    if (!is_fed_back) return held_by(heard);
    double least = kLeastGainDb, most = kMostGainDb;  // the louder what returns, the less gain
    for (int halving = 0; halving < 60; ++halving) {
      const double tried = 0.5 * (least + most);
      const bool is_too_little = curve.gain_db(level.db(heard * std::exp(tried * level.power()))) > tried;
      (is_too_little ? least : most) = tried;
    }
    return held_by(heard * std::exp(0.5 * (least + most) * level.power()));
  }

 private:
  DetectorState held_by(double returned) const {
    const double followed = follows_level ? returned : -curve.gain_db(level.db(returned));
    return {returned, followed, followed, returned};
  }
};

}  // namespace wetprint
