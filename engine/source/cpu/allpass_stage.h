// One sample of a phaser's loop, for training and playing alike.
#pragma once

namespace wetprint {

constexpr int kMostAllpassStages = 24;

// What returns to the input is held to this (+80 dB). A loop of allpass filters keeps its energy
// while they stand still, but a fast LFO can pump energy into it; without a bound it could run away.
constexpr double kLoudestReturn = 1e4;

inline double held_return(double returned) {
  if (returned > kLoudestReturn) return kLoudestReturn;
  return returned < -kLoudestReturn ? -kLoudestReturn : returned;
}

// The coefficient tanh((u + s) / 2) of a stage, from tanh(u / 2) and tanh(s / 2).
inline double allpass_coefficient(double turn, double spread) { return (turn + spread) / (1.0 + turn * spread); }

// y[t] = a (x[t] - y[t-1]) + x[t-1], stage after stage. memory[0] is the cascade's last input, the
// others are the stages' last outputs. Returns the cascade's output.
inline double play_allpass_sample(double x, double turn, const double* spread, int stages, double feedback,
                                  double* memory) {
  double now = x + feedback * held_return(memory[stages]);
  for (int stage = 0; stage < stages; ++stage) {
    const double next = allpass_coefficient(turn, spread[stage]) * (now - memory[stage + 1]) + memory[stage];
    memory[stage] = now;
    now = next;
  }
  return memory[stages] = now;
}

}  // namespace wetprint
