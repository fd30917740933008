// The passes of cpu/transform.h. `first` and `points` are multiples of 64.
#pragma once

#include <cstddef>

#include "cpu/playing_table.h"
#include "cpu/transform.h"

namespace {

using wetprint::kParts;
using wetprint::kPartsLog2;
using wetprint::Transform;

inline void twist(const Transform& t, int first, int points) {
  const float* __restrict cosine = t.twist;
  const float* __restrict sine = t.twist + t.size;
  float* __restrict real = t.scratch;
  float* __restrict imaginary = t.scratch + t.size;
  for (int n = first; n < first + points; ++n) {
    real[n] = t.older[n] * cosine[n] - t.newer[n] * sine[n];
    imaginary[n] = -t.older[n] * sine[n] - t.newer[n] * cosine[n];
  }
}

inline void untwist(const Transform& t, int first, int points) {
  const float* __restrict cosine = t.twist;
  const float* __restrict sine = t.twist + t.size;
  float* __restrict output = t.output;
  for (int n = first; n < first + points; ++n) {
    output[n] = -t.scratch[n] * sine[n] - t.scratch[t.size + n] * cosine[n];
  }
}

// Butterflies between count neighbours and those `half` further, each with its own twiddle.
template <bool kInverse>
inline void butterflies(float* __restrict real, float* __restrict imaginary,
                        const float* __restrict cosine, const float* __restrict sine,
                        std::ptrdiff_t half, int count) {
  for (int k = 0; k < count; ++k) {
    const float ar = real[k], ai = imaginary[k], c = cosine[k], s = sine[k];
    float br = real[k + half], bi = imaginary[k + half];
    if constexpr (kInverse) {  // times exp(+iπk / half) first
      const float turned = br * c - bi * s;
      bi = br * s + bi * c;
      br = turned;
      real[k + half] = ar - br;
      imaginary[k + half] = ai - bi;
    } else {  // times exp(-iπk / half) last
      const float dr = ar - br, di = ai - bi;
      real[k + half] = dr * c + di * s;
      imaginary[k + half] = di * c - dr * s;
    }
    real[k] = ar + br;
    imaginary[k] = ai + bi;
  }
}

// A stage on points in their own order: butterflies reach `half` points, 8 at the least.
template <bool kInverse>
inline void plain_stage(const Transform& t, int half, int first, int points) {
  int left = points / 2;
  for (int butterfly = first / 2; left > 0;) {
    const int group = butterfly / half, k = butterfly & (half - 1);
    const int count = half - k < left ? half - k : left;
    float* real = t.scratch + 2 * group * half + k;
    butterflies<kInverse>(real, real + t.size, t.twiddles + half + k,
                          t.twiddles + t.size + half + k, half, count);
    butterfly += count;
    left -= count;
  }
}

// A stage on eight interleaved parts: butterflies reach `half` groups of eight.
template <bool kInverse>
inline void parted_stage(const Transform& t, int half, int first, int points) {
  const int begin = first / (2 * kParts), end = (first + points) / (2 * kParts);
  for (int butterfly = begin; butterfly < end; ++butterfly) {
    const int group = butterfly / half, k = butterfly & (half - 1);
    float* __restrict real = t.spectrum + (2 * group * half + k) * kParts;
    float* __restrict imaginary = real + t.size;
    const float c = t.twiddles[half + k], s = t.twiddles[t.size + half + k];
    const std::ptrdiff_t reach = static_cast<std::ptrdiff_t>(half) * kParts;
    for (int part = 0; part < kParts; ++part) {
      const float ar = real[part], ai = imaginary[part];
      const float br = real[part + reach], bi = imaginary[part + reach];
      if constexpr (kInverse) {
        const float tr = br * c - bi * s, ti = br * s + bi * c;
        real[part] = ar + tr;
        imaginary[part] = ai + ti;
        real[part + reach] = ar - tr;
        imaginary[part + reach] = ai - ti;
      } else {
        const float dr = ar - br, di = ai - bi;
        real[part] = ar + br;
        imaginary[part] = ai + bi;
        real[part + reach] = dr * c + di * s;
        imaginary[part + reach] = di * c - dr * s;
      }
    }
  }
}

// From eight parts one after the other to eight interleaved ones, or back.
template <bool kInverse>
inline void interleave(const Transform& t, int first, int points) {
  const int part_size = t.size / kParts;
  for (int group = first / kParts; group < (first + points) / kParts; ++group) {
    for (int part = 0; part < kParts; ++part) {
      float* apart = t.scratch + part * part_size + group;
      float* together = t.spectrum + group * kParts + part;
      if constexpr (kInverse) {
        apart[0] = together[0];
        apart[t.size] = together[t.size];
      } else {
        together[0] = apart[0];
        together[t.size] = apart[t.size];
      }
    }
  }
}

// Passes in turn: twist, three plain stages, interleave, the parted stages.
void forward_pass(const Transform& t, int pass, int first, int points) {
  if (pass == 0) return twist(t, first, points);
  if (pass <= kPartsLog2) return plain_stage<false>(t, t.size >> pass, first, points);
  if (pass == kPartsLog2 + 1) return interleave<false>(t, first, points);
  parted_stage<false>(t, t.size >> (pass - 1), first, points);
}

// The same backwards. The factor 1 / size is left to whoever made the other spectrum.
void inverse_pass(const Transform& t, int pass, int first, int points) {
  const int forward = t.size_log2 + 1 - pass;
  if (forward == 0) return untwist(t, first, points);
  if (forward <= kPartsLog2) return plain_stage<true>(t, t.size >> forward, first, points);
  if (forward == kPartsLog2 + 1) return interleave<true>(t, first, points);
  parted_stage<true>(t, t.size >> (forward - 1), first, points);
}

void multiply(const float* one, const float* other, float* sum, std::ptrdiff_t half, int points,
              bool adds) {
  const float* __restrict ar = one;
  const float* __restrict ai = one + half;
  const float* __restrict br = other;
  const float* __restrict bi = other + half;
  float* __restrict sr = sum;
  float* __restrict si = sum + half;
  if (adds) {
    for (int k = 0; k < points; ++k) {
      sr[k] += ar[k] * br[k] - ai[k] * bi[k];
      si[k] += ar[k] * bi[k] + ai[k] * br[k];
    }
  } else {
    for (int k = 0; k < points; ++k) {
      sr[k] = ar[k] * br[k] - ai[k] * bi[k];
      si[k] = ar[k] * bi[k] + ai[k] * br[k];
    }
  }
}

}  // namespace
