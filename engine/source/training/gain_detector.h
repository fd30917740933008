// What hears, follows and turns in a compressor: see src/wetprint/blocks/compressor.py.
#pragma once

#include <cmath>

#include "training/gain_curve.h"

namespace wetprint {

// What a detector holds from sample to sample; the gain is in dB.
struct DetectorState {
  double window, held, smooth, gain_db;
};

// `level` says what is heard, before the gain or, fed back, behind it; one pole at the rate `window`
// smooths it. The follower behind that, which rises at `attack` and falls at `release`, follows the
// level, or the gain behind the curve.
struct GainDetector {
  Level level;
  bool is_fed_back, follows_level, decoupled;
  double window, attack, release;
  GainCurve curve;

  // What one more sample, as it was before its gain, makes of the state.
  DetectorState next(const DetectorState& past, double heard) const {
    if (is_fed_back) heard *= std::exp(past.gain_db * level.power());
    DetectorState now = past;
    now.window += window * (heard - past.window);
    const double wanted = follows_level ? now.window : -curve.gain_db(level.db(now.window));
    const double rise = wanted - past.held;
    now.held += (rise > 0.0 ? (decoupled ? 1.0 : attack) : release) * rise;
    now.smooth = decoupled ? past.smooth + attack * (now.held - past.smooth) : now.held;
    now.gain_db = gain_db(now.smooth);
    return now;
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
  double gain_db(double followed) const {
    return follows_level ? curve.gain_db(level.db(followed)) : -followed;
  }

  DetectorState held_by(double returned) const {
    const double followed = follows_level ? returned : -curve.gain_db(level.db(returned));
    return {returned, followed, followed, gain_db(followed)};
  }
};

}  // namespace wetprint
