// The phases of a phase vocoder: by which angle every bin of a spectrum is turned, so that the sound
// goes on at another pitch; see src/wetprint/blocks/pitch_shifter.py.
#pragma once

#include <vector>

#include "playing/fft.h"

namespace wetprint::playing {

struct PhaseRules {
  double ratio;
  int window, hop;
  int free_bins, lock_reach;
  double transient_share;
  int pause;  // hops
};

class Phases {
 public:
  Phases(Budget& budget, const PhaseRules& rules);

  // As after endless silence.
  void forget() noexcept;

  // Turns the lower half of the next spectrum. No allocation.
  void turn(Complexes& spectrum) noexcept;

 private:
  bool begins_anew() noexcept;
  bool is_peak(int bin) const noexcept;
  double advance(const Complexes& spectrum, int bin) const noexcept;
  void move_on(const Complexes& spectrum) noexcept;
  void go_with(const Complexes& spectrum, int peak, int first, int last) noexcept;

  PhaseRules rules_;
  int bins_;
  double sounding_;        // power
  double growing_ = 0.0;   // share of bins, a hop ago
  int pause_ = 0;          // hops left
  Complexes before_;
  std::vector<double> power_, turns_, next_;
};

}  // namespace wetprint::playing
