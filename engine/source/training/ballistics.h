// How what is followed rises and falls: see src/wetprint/blocks/followers.py.
#pragma once

namespace wetprint {

// One pole that branches, or, decoupled, one that only falls slowly and one that smooths.
struct Ballistics {
  bool decoupled;
  double attack, release;

  // What one more sample makes of what either pole holds.
  void follow(double wanted, double& held, double& smooth) const {
    const double rise = wanted - held;
    held += (rise > 0.0 ? (decoupled ? 1.0 : attack) : release) * rise;
    smooth = decoupled ? smooth + attack * (held - smooth) : held;
  }
};

}  // namespace wetprint
