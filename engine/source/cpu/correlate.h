// Sums over time of products of rows: the gradients of weights.
//
// The same microkernel as in combine.h, transposed: a block of kPanelRows x kBlockVectors sums, each
// a vector that runs along time, stays in registers; at the end its lanes are added.
#pragma once

#include "cpu/combine.h"
#include "cpu/kernels.h"
#include "cpu/panels.h"
#include "cpu/simd.h"

namespace {

using Quad = float __attribute__((vector_size(16)));

// Add the lanes of a vector until four partial sums are left.
inline Quad folded(Vector value) {
#if defined(__AVX512F__)
  const auto half = __builtin_shufflevector(value, value, 0, 1, 2, 3, 4, 5, 6, 7) +
                    __builtin_shufflevector(value, value, 8, 9, 10, 11, 12, 13, 14, 15);
  return __builtin_shufflevector(half, half, 0, 1, 2, 3) +
         __builtin_shufflevector(half, half, 4, 5, 6, 7);
#elif defined(__AVX2__)
  return __builtin_shufflevector(value, value, 0, 1, 2, 3) +
         __builtin_shufflevector(value, value, 4, 5, 6, 7);
#else
  return value;
#endif
}

// The sums over the lanes of four vectors, side by side.
inline Quad lane_sums(Quad a, Quad b, Quad c, Quad d) {
  const Quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Quad cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);
  return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

template <int kRows>
inline void add_sums(const Vector (&sums)[kRows], float* at) {
  Quad rows[4] = {};
  for (int row = 0; row < kRows; ++row) rows[row] = folded(sums[row]);
  const Quad total = lane_sums(rows[0], rows[1], rows[2], rows[3]);
  for (int row = 0; row < kRows; ++row) at[row] += total[row];
}

template <int kRows, int kInputs>
void correlate_block(wetprint::Rows gradient, const float* const* inputs, std::ptrdiff_t samples,
                     float* sums_at) {
  Vector sums[kInputs][kRows] = {};
  for (std::ptrdiff_t t = 0; t < samples; t += kLanes) {
    Vector heard[kInputs];
    for (int input = 0; input < kInputs; ++input) heard[input] = load(inputs[input] + t);
    for (int row = 0; row < kRows; ++row) {
      const Vector slope = load(gradient.row(row) + t);
      for (int input = 0; input < kInputs; ++input) sums[input][row] += slope * heard[input];
    }
  }
  for (int input = 0; input < kInputs; ++input) add_sums<kRows>(sums[input], sums_at + input * kRows);
}

template <int kRows>
void correlate_panel(wetprint::Rows gradient, const float* const* inputs, int input_count,
                     std::ptrdiff_t samples, float* sums) {
  switch (input_count) {
#if defined(__AVX512F__)
    case 6: return correlate_block<kRows, 6>(gradient, inputs, samples, sums);
    case 5: return correlate_block<kRows, 5>(gradient, inputs, samples, sums);
    case 4: return correlate_block<kRows, 4>(gradient, inputs, samples, sums);
#endif
#if defined(__AVX2__)
    case 3: return correlate_block<kRows, 3>(gradient, inputs, samples, sums);
#endif
    case 2: return correlate_block<kRows, 2>(gradient, inputs, samples, sums);
    default: return correlate_block<kRows, 1>(gradient, inputs, samples, sums);
  }
}

// All panels of the gradient against a few inputs, which stay in the first cache meanwhile.
void correlate_inputs(wetprint::Rows gradient, int outputs, const float* const* inputs, int few,
                      int first_input, int input_count, std::ptrdiff_t samples, float* sums) {
  const int panels = wetprint::parts_of(outputs, wetprint::kPanelRows);
  for (int panel = 0; panel < panels; ++panel) {
    const int rows = wetprint::size_of_part(outputs, wetprint::kPanelRows, panel);
    float* at = sums + first_input * rows;
    switch (rows) {
      case 4: correlate_panel<4>(gradient, inputs, few, samples, at); break;
      case 3: correlate_panel<3>(gradient, inputs, few, samples, at); break;
      case 2: correlate_panel<2>(gradient, inputs, few, samples, at); break;
      default: correlate_panel<1>(gradient, inputs, few, samples, at);
    }
    gradient.at = gradient.row(rows);
    sums += rows * input_count;
  }
}

void correlate(wetprint::Rows gradient, int outputs, const float* const* inputs, int input_count,
               std::ptrdiff_t samples, float* sums) {
  const int groups = wetprint::parts_of(input_count, kBlockVectors);
  for (int group = 0, first = 0; group < groups; ++group) {
    const int few = wetprint::size_of_part(input_count, kBlockVectors, group);
    correlate_inputs(gradient, outputs, inputs + first, few, first, input_count, samples, sums);
    first += few;
  }
}

void sum_rows(wetprint::Rows rows, int count, std::ptrdiff_t samples, float* sums) {
  for (int row = 0; row < count; ++row) {
    const float* at = rows.row(row);
    Vector first{}, second{};  // two chains of additions, for one would wait for itself
    std::ptrdiff_t t = 0;
    for (; t + 2 * kLanes <= samples; t += 2 * kLanes) {
      first += load(at + t);
      second += load(at + t + kLanes);
    }
    for (; t < samples; t += kLanes) first += load(at + t);
    const Quad total = folded(first + second);
    sums[row] += (total[0] + total[2]) + (total[1] + total[3]);
  }
}

}  // namespace
