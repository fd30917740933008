// What the playing engine asks of the inner loops.
#pragma once

#include <cstddef>

namespace wetprint {

enum class MixActivation { none, tanh, gated, leaky_relu };

// Rows of samples from other rows of samples:
//   sum[r] = bias[r] + add[r] + Σ_i weight[r, i] * inputs[i];  output[r] = activation(sum[r])
// which is, with inputs shifted in time, a dilated convolution with everything that belongs to it.
// With `gated`, rows come in pairs: outputs[r] = tanh(sum[r]) * sigmoid(sum[rows / 2 + r]).
struct Mix {
  const float* const* inputs;  // input_count rows of samples
  int input_count;
  int rows;              // of sums; the outputs are half as many when gated
  const float* weights;  // as pack_mix() leaves them
  const float* biases;   // likewise, or null
  const float* add;      // rows that are added before the activation, or null
  std::ptrdiff_t add_stride;
  float* output;
  std::ptrdiff_t output_stride;
  float* total;  // rows that the outputs are added to as well, or null
  std::ptrdiff_t total_stride;
  MixActivation activation;
};

// The order that weights are read in: rows are taken in tiles of up to four, and within a tile all
// rows of one input lie together. A tile of gated rows holds signals first, then their gates.
constexpr int kTileRows = 4;

struct PlayingKernels {
  // Whole vectors are read and written: rows need room for `frames` rounded up to 16.
  void (*mix)(const Mix& mix, int frames);

  // One pass of a transform over `points` points, from `first`; see cpu/transform.h.
  void (*forward_pass)(const struct Transform& transform, int pass, int first, int points);
  void (*inverse_pass)(const struct Transform& transform, int pass, int first, int points);
  // sum (+)= one * other, over complex points; real parts and imaginary parts lie `half` apart.
  void (*multiply)(const float* one, const float* other, float* sum, std::ptrdiff_t half,
                   int points, bool adds);

  // One step of a recurrent cell; see cpu/recurrent_cell.h.
  void (*lstm)(const struct RecurrentCell& cell, const float* inputs, float* hidden, float* state,
               float* scratch);
  void (*gru)(const struct RecurrentCell& cell, const float* inputs, float* hidden, float* scratch);

  // Modes that ring, driven by up to kMostResonantFrames samples, which become what is heard of
  // them; see cpu/resonance.h.
  void (*resonate)(const struct Resonance& modes, float* samples, int frames);
};

}  // namespace wetprint
