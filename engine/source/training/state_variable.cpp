#include "training/state_variable.h"

#include <vector>

#include "training/threads.h"

namespace wetprint {

namespace {

using Memories = std::vector<SectionMemory>;

Memories widened(const float* memory, int sections) {
  Memories past(static_cast<std::size_t>(sections));
  for (SectionMemory& each : past) {
    each = {memory[0], memory[1]};
    memory += 2;
  }
  return past;
}

// What every section held before every sample: (samples, sections).
Memories memories_of(const StateVariable& filter, const float* x, const float* cutoff, const float* damping,
                     Memories memory) {
  Memories before;
  before.reserve(static_cast<std::size_t>(filter.samples * filter.sections));
  for (std::ptrdiff_t t = 0; t < filter.samples; ++t) {
    before.insert(before.end(), memory.begin(), memory.end());
    double entering = x[t];
    for (SectionMemory& section : memory) {
      entering = damping[t] * play_section_sample(entering, cutoff[t], damping[t], section).band;
    }
  }
  return before;
}

// One section's part in the gradients of one sample.
struct Reached {
  double x, cutoff, damping;
};

// `onwards` reaches what the section passes on, `to` its two states; `later` is the memory's gradient.
Reached section_backward(double x, double g, double k, const SectionMemory& before, SectionStates to, double onwards,
                         SectionMemory& later) {
  SectionMemory now = before;
  const double band = play_section_sample(x, g, k, now).band, scale = 1.0 / (1.0 + g * (g + k));
  const double low_slope = to.low + 2.0 * later.low;
  const double band_slope = (to.band + k * onwards + 2.0 * later.band + g * low_slope) * scale;
  later.band = band_slope - later.band;
  later.low = low_slope - later.low - g * band_slope;
  return {g * band_slope, band * low_slope + band_slope * (x - before.low - band * (2.0 * g + k)),
          band * (onwards - g * band_slope)};
}

void row_backward(const StateVariable& filter, const float* x, const float* cutoff, const float* damping,
                  const float* memory, const float* to_states, float* to_x, float* to_cutoff, float* to_damping) {
  const int sections = filter.sections;
  const std::ptrdiff_t samples = filter.samples;
  const Memories before = memories_of(filter, x, cutoff, damping, widened(memory, sections));
  Memories later(static_cast<std::size_t>(sections), SectionMemory{0.0, 0.0});
  std::vector<double> entered(static_cast<std::size_t>(sections) + 1);
  for (std::ptrdiff_t t = samples - 1; t >= 0; --t) {
    const SectionMemory* past = before.data() + t * sections;
    const double g = cutoff[t], k = damping[t];
    entered[0] = x[t];
    for (int section = 0; section < sections; ++section) {
      SectionMemory now = past[section];
      const auto at = static_cast<std::size_t>(section);
      entered[at + 1] = k * play_section_sample(entered[at], g, k, now).band;
    }
    double onwards = 0.0, cutoff_sum = 0.0, damping_sum = 0.0;
    for (int section = sections - 1; section >= 0; --section) {
      const auto at = static_cast<std::size_t>(section);
      const float* to = to_states + std::ptrdiff_t{2} * section * samples + t;
      const Reached reached =
          section_backward(entered[at], g, k, past[section], {to[0], to[samples]}, onwards, later[at]);
      damping_sum += reached.damping;
      cutoff_sum += reached.cutoff;
      onwards = reached.x;
    }
    to_x[t] = static_cast<float>(onwards);
    to_cutoff[t] = static_cast<float>(cutoff_sum);
    to_damping[t] = static_cast<float>(damping_sum);
  }
}

}  // namespace

void play_state_variable(const StateVariable& filter, const float* x, float* memory, float* states, int threads) {
  in_parallel(filter.rows, threads, [&](int row, int) {
    const std::ptrdiff_t at = row * filter.samples;
    float* past = memory + std::ptrdiff_t{2} * row * filter.sections;
    float* played = states + 2 * at * filter.sections;
    Memories held = widened(past, filter.sections);
    for (std::ptrdiff_t t = 0; t < filter.samples; ++t) {
      const double g = filter.cutoff[at + t], k = filter.damping[at + t];
      double entering = x[at + t];
      float* out = played + t;
      for (SectionMemory& section : held) {
        const SectionStates now = play_section_sample(entering, g, k, section);
        out[0] = static_cast<float>(now.band);
        out[filter.samples] = static_cast<float>(now.low);
        out += 2 * filter.samples;
        entering = k * now.band;
      }
    }
    for (const SectionMemory& section : held) {
      *past++ = static_cast<float>(section.band);
      *past++ = static_cast<float>(section.low);
    }
  });
}

void play_state_variable_backward(const StateVariable& filter, const float* x, const float* memory,
                                  const float* to_states, const StateVariableGradients& to, int threads) {
  in_parallel(filter.rows, threads, [&](int row, int) {
    const std::ptrdiff_t at = row * filter.samples;
    const std::ptrdiff_t wide = std::ptrdiff_t{2} * row * filter.sections;
    row_backward(filter, x + at, filter.cutoff + at, filter.damping + at, memory + wide,
                 to_states + wide * filter.samples, to.x + at, to.cutoff + at, to.damping + at);
  });
}

}  // namespace wetprint
