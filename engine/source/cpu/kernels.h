// The table of inner loops. One such table exists for each level of processor.
//
// Signals lie in rows, one a channel, time contiguous, `stride` floats from row to row. Every count
// of samples is a multiple of kSampleQuantum, so that no loop has a tail narrower than a vector.
#pragma once

#include <cstddef>
#include "cpu/playing_table.h"

namespace wetprint {

constexpr std::ptrdiff_t kSampleQuantum = 16;

struct Rows {
  float* at = nullptr;
  std::ptrdiff_t stride = 0;

  float* row(std::ptrdiff_t index) const { return at + index * stride; }
  Rows from(std::ptrdiff_t sample) const { return {at + sample, stride}; }
};

enum class Activation : int { tanh = 0, gated = 1, leaky_relu = 2, relu = 3 };

// Rows that the nonlinearity takes for each row that it returns.
static constexpr int rows_of(Activation activation) {
  return activation == Activation::gated ? 2 : 1;
}

// One moment of a recurrent cell: four gates of `width` rows each, the state before and after.
struct CellStep {
  Rows gates, cell_before, cell, hidden_before, hidden;
};

// The gradients to the same moment. `hidden` and `cell` come in as those to the state after it, and
// are left as those to the state before it, save for what goes through the gates.
struct CellSlopes {
  Rows gates, cell, hidden;
};

struct Kernels {
  const char* level;  // "baseline", "avx2" or "avx512"
  int lanes;          // floats in one vector

  // out[o][t] = initial[o][t] + bias[o] + sum over i of weights[o][i] * inputs[i][t]
  //
  // Any dilated convolution is this, each tap being one more input row that starts earlier. The
  // weights are packed in panels (panels.h): panel after panel, in each [input][row of the panel].
  // `bias` and `initial.at` may be null; `initial` may be `out`.
  void (*combine)(const float* const* inputs, int input_count, const float* weights,
                  const float* bias, Rows initial, Rows out, int outputs, std::ptrdiff_t samples);

  // sums[o][i] += sum over t of gradient[o][t] * inputs[i][t], in the packing of `combine`
  void (*correlate)(Rows gradient, int outputs, const float* const* inputs, int input_count,
                    std::ptrdiff_t samples, float* sums);

  // sums[r] += sum over t of rows[r][t]
  void (*sum_rows)(Rows rows, int count, std::ptrdiff_t samples, float* sums);

  // Puts the nonlinearity's result in `active`, which may be `saved`, and adds it to `head` unless
  // that is null. `saved` comes in as what the nonlinearity hears and is left as what its gradient
  // needs: its results, for "gated" the tanh and the sigmoid.
  void (*activate)(Activation activation, Rows saved, Rows active, Rows head, int width,
                   std::ptrdiff_t samples);

  // The gradient to what the nonlinearity hears, from that to its result; both may be one.
  void (*activate_backward)(Activation activation, Rows saved, Rows gradient, Rows out, int width,
                            std::ptrdiff_t samples);
  PlayingKernels playing;

  // What follows the matrix product in a step of an LSTM or a GRU: the gates come in as their
  // products and are left as their results. Then the way back.
  void (*lstm_step)(const CellStep& step, int width, std::ptrdiff_t samples);
  void (*lstm_step_backward)(const CellStep& step, const CellSlopes& to, int width, std::ptrdiff_t samples);
  void (*gru_step)(const CellStep& step, int width, std::ptrdiff_t samples);
  void (*gru_step_backward)(const CellStep& step, const CellSlopes& to, int width, std::ptrdiff_t samples);
};

// The table for the best level that this machine has, or for the one that the environment variable
// WETPRINT_CPU names, which serves tests and benchmarks. Chosen once, when first asked for.
const Kernels& kernels();

// The table of a level by name, or null where this machine cannot run it.
const Kernels* kernels_of(const char* level);

}  // namespace wetprint
