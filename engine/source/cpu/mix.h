// Rows of samples mixed into other rows: the inner loop of every convolution that is played.
//
// A tile of up to four rows and a few vectors of time is summed in registers while the inputs pass
// by once; a weight is one broadcast for all vectors of its row. Activations are applied before the
// tile leaves the registers.
#pragma once

#include "cpu/functions.h"
#include "cpu/playing_table.h"
#include "cpu/simd.h"

namespace {

using wetprint::MixActivation;
using wetprint::Mix;

// The vectors of time in a tile: enough sums to hide the latency of a multiply-add, few enough for
// the registers that there are.
constexpr int tile_vectors(int rows) {
  constexpr int kSums = kLanes == 16 ? 16 : 8;
  constexpr int kMostVectors = 64 / kLanes < 8 ? 64 / kLanes : 8;
  return kSums / rows < kMostVectors ? kSums / rows : kMostVectors;
}

template <int kRows, int kVectors, MixActivation kActivation>
inline void activate(Vector (&sum)[kRows][kVectors]) {
  for (int row = 0; row < kRows; ++row) {
    for (int v = 0; v < kVectors; ++v) {
      if constexpr (kActivation == MixActivation::tanh) {
        sum[row][v] = hyperbolic_tangent(sum[row][v]);
      } else if constexpr (kActivation == MixActivation::leaky_relu) {
        sum[row][v] = leaky_relu(sum[row][v]);
      } else if constexpr (kActivation == MixActivation::gated) {
        if (row < kRows / 2) {
          sum[row][v] = hyperbolic_tangent(sum[row][v]) * sigmoid(sum[row + kRows / 2][v]);
        }
      }
    }
  }
}

// One tile: `weights` and `biases` point to those of its rows, `output_row` is its first output.
template <int kRows, int kVectors, MixActivation kActivation>
inline void mix_tile(const Mix& mix, const float* weights, const float* biases, int output_row,
                     int frame) {
  Vector sum[kRows][kVectors];
  for (int row = 0; row < kRows; ++row) {
    const Vector bias = biases ? broadcast(biases[row]) : Vector{};
    for (int v = 0; v < kVectors; ++v) {
      sum[row][v] = bias;
      if (mix.add) {
        sum[row][v] += load(mix.add + (output_row + row) * mix.add_stride + frame + v * kLanes);
      }
    }
  }
  for (int input = 0; input < mix.input_count; ++input, weights += kRows) {
    const float* heard = mix.inputs[input] + frame;
    Vector samples[kVectors];
    for (int v = 0; v < kVectors; ++v) samples[v] = load(heard + v * kLanes);
    for (int row = 0; row < kRows; ++row) {
      const Vector weight = broadcast(weights[row]);
      for (int v = 0; v < kVectors; ++v) sum[row][v] += weight * samples[v];
    }
  }
  activate<kRows, kVectors, kActivation>(sum);
  constexpr int kOutputs = kActivation == MixActivation::gated ? kRows / 2 : kRows;
  for (int row = 0; row < kOutputs; ++row) {
    float* output = mix.output + (output_row + row) * mix.output_stride + frame;
    for (int v = 0; v < kVectors; ++v) store(output + v * kLanes, sum[row][v]);
    if (mix.total) {
      float* total = mix.total + (output_row + row) * mix.total_stride + frame;
      for (int v = 0; v < kVectors; ++v) {
        store(total + v * kLanes, load(total + v * kLanes) + sum[row][v]);
      }
    }
  }
}

template <int kRows, MixActivation kActivation>
inline void mix_rows(const Mix& mix, const float* weights, const float* biases, int output_row,
                     int frames) {
  constexpr int kVectors = tile_vectors(kRows);
  int frame = 0;
  for (; frame + (kVectors - 1) * kLanes < frames; frame += kVectors * kLanes) {
    mix_tile<kRows, kVectors, kActivation>(mix, weights, biases, output_row, frame);
  }
  for (; frame < frames; frame += kLanes) {
    mix_tile<kRows, 1, kActivation>(mix, weights, biases, output_row, frame);
  }
}

template <MixActivation kActivation>
inline void mix_all(const Mix& mix, int frames) {
  constexpr int kOutputShare = kActivation == MixActivation::gated ? 2 : 1;
  const float* weights = mix.weights;
  for (int row = 0; row < mix.rows; row += wetprint::kTileRows) {
    const float* biases = mix.biases ? mix.biases + row : nullptr;
    const int output = row / kOutputShare;
    const int left = mix.rows - row;
    if (left >= 4) {
      mix_rows<4, kActivation>(mix, weights, biases, output, frames);
    } else if (left == 2) {
      mix_rows<2, kActivation>(mix, weights, biases, output, frames);
    } else if constexpr (kActivation != MixActivation::gated) {
      if (left == 3) mix_rows<3, kActivation>(mix, weights, biases, output, frames);
      if (left == 1) mix_rows<1, kActivation>(mix, weights, biases, output, frames);
    }
    weights += static_cast<std::ptrdiff_t>(mix.input_count) * wetprint::kTileRows;
  }
}

void mix(const Mix& mix, int frames) {
  switch (mix.activation) {
    case MixActivation::none: return mix_all<MixActivation::none>(mix, frames);
    case MixActivation::tanh: return mix_all<MixActivation::tanh>(mix, frames);
    case MixActivation::gated: return mix_all<MixActivation::gated>(mix, frames);
    case MixActivation::leaky_relu: return mix_all<MixActivation::leaky_relu>(mix, frames);
  }
}

}  // namespace
