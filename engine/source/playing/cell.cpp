#include "playing/cell.h"

#include <algorithm>

#include "cpu/kernels.h"

namespace wetprint::playing {

Cell::Cell(Budget& budget, CellKind kind, const CellWeights& weights, int inputs, int units)
    : kind_(kind), inputs_(inputs), units_(units) {
  const int lanes = kernels().lanes, vectors = (units + lanes - 1) / lanes;
  const std::int64_t padded = std::int64_t{vectors} * lanes;
  weights_ = Floats(budget, padded * kGates * (inputs + units));
  biases_ = Floats(budget, padded * kGates);
  hidden_ = Floats(budget, padded);
  state_ = Floats(budget, padded);
  scratch_ = Floats(budget, padded);
  for (int vector = 0; vector < vectors; vector += kUnitVectors) {
    pack_tile(weights, vector, std::min(kUnitVectors, vectors - vector), lanes);
  }
  cell_ = {inputs, units, vectors, weights_.data(), biases_.data()};
}

Cell::Row Cell::row_of(int gate, int unit) const {
  if (kind_ == CellKind::lstm || gate < 2) return {gate * units_ + unit, gate * units_ + unit};
  const int row = 2 * units_ + unit;
  return gate == 2 ? Row{row, -1} : Row{-1, row};
}

void Cell::pack_tile(const CellWeights& weights, int vector, int vectors, int lanes) {
  const std::int64_t first = std::int64_t{vector} * kGates * lanes;
  const int width = vectors * lanes;
  float* packed = weights_.data() + first * (inputs_ + units_);
  for (int gate = 0; gate < kGates; ++gate) {
    for (int column = 0; column < width; ++column) {
      const int unit = vector * lanes + column;
      if (unit >= units_) continue;
      const Row row = row_of(gate, unit);
      float* to = packed + gate * width + column;
      for (int input = 0; input < inputs_; ++input, to += kGates * width) {
        if (row.from_inputs >= 0) *to = weights.from_inputs[row.from_inputs * inputs_ + input];
      }
      for (int other = 0; other < units_; ++other, to += kGates * width) {
        if (row.from_hidden >= 0) *to = weights.from_hidden[row.from_hidden * units_ + other];
      }
      float& bias = biases_[first + gate * width + column];
      if (row.from_inputs >= 0) bias += weights.input_biases[row.from_inputs];
      if (row.from_hidden >= 0) bias += weights.hidden_biases[row.from_hidden];
    }
  }
}

void Cell::step(const float* inputs) {
  const PlayingKernels& inner = kernels().playing;
  if (kind_ == CellKind::lstm) {
    inner.lstm(cell_, inputs, hidden_.data(), state_.data(), scratch_.data());
  } else {
    inner.gru(cell_, inputs, hidden_.data(), scratch_.data());
  }
}

void Cell::forget() {
  std::fill_n(hidden_.data(), hidden_.size(), 0.0f);
  std::fill_n(state_.data(), state_.size(), 0.0f);
}

}  // namespace wetprint::playing
