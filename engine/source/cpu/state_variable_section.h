// One sample of a state-variable filter, for training and playing alike.
#pragma once

namespace wetprint {

constexpr int kMostVariableSections = 3;

// What the two integrators of a section hold.
struct SectionMemory {
  double band, low;
};

// What a section plays: its band-pass and its low-pass.
struct SectionStates {
  double band, low;
};

// Trapezoidal integrators (Zavalishin 2012, The Art of VA Filter Design, section 4): `cutoff` is
// tan(pi f / sample_rate), `damping` the reciprocal of Q. However either moves, the memory never grows
// by itself: each sample turns and shrinks it, as the Cayley transform of a dissipative matrix does.
inline SectionStates play_section_sample(double x, double cutoff, double damping, SectionMemory& memory) {
  const double band = (cutoff * (x - memory.low) + memory.band) / (1.0 + cutoff * (cutoff + damping));
  const double low = memory.low + cutoff * band;
  memory.band = 2.0 * band - memory.band;
  memory.low = 2.0 * low - memory.low;
  return {band, low};
}

}  // namespace wetprint
