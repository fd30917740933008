// Weighted sums of rows: every linear step of a network of convolutions, forward and backward.
//
// The microkernel follows Goto and van de Geijn 2008 (doi:10.1145/1356052.1356053): a block of sums
// stays in registers while weights, packed in the order of use, and samples stream past. Vectors
// run along time, so that any number of channels is served alike.
#pragma once

#include "cpu/kernels.h"
#include "cpu/panels.h"
#include "cpu/simd.h"

namespace {

// Vectors of time beside kPanelRows rows: what fills 16 registers (32 with AVX-512).
constexpr int kBlockVectors = kLanes == 16 ? 6 : kLanes == 8 ? 3 : 2;

struct CombineBlock {
  const float* const* inputs;
  int input_count;
  const float* weights;
  const float* bias;
  wetprint::Rows initial;
  wetprint::Rows out;
};

template <int kRows, int kVectors>
inline void start_sums(const CombineBlock& block, std::ptrdiff_t start, Vector (&sums)[kRows][kVectors]) {
  for (int row = 0; row < kRows; ++row) {
    const Vector first = block.bias ? broadcast(block.bias[row]) : Vector{};
    for (int v = 0; v < kVectors; ++v) {
      sums[row][v] = first;
      if (block.initial.at) sums[row][v] += load(block.initial.row(row) + start + v * kLanes);
    }
  }
}

template <int kRows, int kVectors>
void combine_block(const CombineBlock& block, std::ptrdiff_t start) {
  Vector sums[kRows][kVectors];
  start_sums(block, start, sums);
  const float* weights = block.weights;
  for (int input = 0; input < block.input_count; ++input, weights += kRows) {
    const float* samples = block.inputs[input] + start;
    Vector heard[kVectors];
    for (int v = 0; v < kVectors; ++v) heard[v] = load(samples + v * kLanes);
    for (int row = 0; row < kRows; ++row) {
      const Vector weight = broadcast(weights[row]);
      for (int v = 0; v < kVectors; ++v) sums[row][v] += weight * heard[v];
    }
  }
  for (int row = 0; row < kRows; ++row) {
    for (int v = 0; v < kVectors; ++v) store(block.out.row(row) + start + v * kLanes, sums[row][v]);
  }
}

template <int kVectors>
void combine_panel(const CombineBlock& block, int rows, std::ptrdiff_t start) {
  switch (rows) {
    case 4: return combine_block<4, kVectors>(block, start);
    case 3: return combine_block<3, kVectors>(block, start);
    case 2: return combine_block<2, kVectors>(block, start);
    default: return combine_block<1, kVectors>(block, start);
  }
}

template <int kVectors>
void combine_column(CombineBlock block, int outputs, std::ptrdiff_t start) {
  const int panels = wetprint::parts_of(outputs, wetprint::kPanelRows);
  for (int panel = 0; panel < panels; ++panel) {
    const int rows = wetprint::size_of_part(outputs, wetprint::kPanelRows, panel);
    combine_panel<kVectors>(block, rows, start);
    block.weights += rows * block.input_count;
    if (block.bias) block.bias += rows;
    if (block.initial.at) block.initial.at = block.initial.row(rows);
    block.out.at = block.out.row(rows);
  }
}

void combine(const float* const* inputs, int input_count, const float* weights, const float* bias,
             wetprint::Rows initial, wetprint::Rows out, int outputs, std::ptrdiff_t samples) {
  const CombineBlock block{inputs, input_count, weights, bias, initial, out};
  std::ptrdiff_t start = 0;
  for (; start + kBlockVectors * kLanes <= samples; start += kBlockVectors * kLanes) {
    combine_column<kBlockVectors>(block, outputs, start);
  }
  for (; start + 2 * kLanes <= samples; start += 2 * kLanes) combine_column<2>(block, outputs, start);
  for (; start < samples; start += kLanes) combine_column<1>(block, outputs, start);
}

}  // namespace
