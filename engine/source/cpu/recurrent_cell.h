// A recurrent cell as its inner loop wants it.
#pragma once

namespace wetprint {

// Hidden units are taken in tiles of up to kUnitVectors vectors (the last one padded with units
// whose weights are all zero, and which therefore stay silent). Within a tile the weights of one
// input lie together, four gates of all its units; first those of the inputs, then those of the
// hidden units of the sample before. An LSTM's gates are input, forget, cell, output, as PyTorch
// orders them. A GRU's are reset, update, and the new state's two parts: what comes from the
// inputs, and what comes from the hidden units, which the reset gate scales.
constexpr int kGates = 4;
constexpr int kUnitVectors = 3;

struct RecurrentCell {
  int inputs;
  int units;         // without padding
  int unit_vectors;  // vectors of units, with padding
  const float* weights;
  const float* biases;  // tile by tile, gate by gate
};

}  // namespace wetprint
