// A recurrent cell with its weights packed for the inner loop, and its state.
#pragma once

#include <vector>

#include "cpu/recurrent_cell.h"
#include "playing/memory.h"

namespace wetprint::playing {

enum class CellKind { lstm, gru };

// As PyTorch keeps them: rows gate by gate, (gates * units, inputs) and (gates * units, units).
struct CellWeights {
  const std::vector<float>&from_inputs, &from_hidden, &input_biases, &hidden_biases;
};

class Cell {
 public:
  Cell(Budget& budget, CellKind kind, const CellWeights& weights, int inputs, int units);

  // Hears one sample of every input; its hidden units stand at hidden().
  void step(const float* inputs);
  const float* hidden() const { return hidden_.data(); }
  void forget();

 private:
  struct Row {  // where a packed gate's weights come from; -1 where it has none
    int from_inputs, from_hidden;
  };

  Row row_of(int gate, int unit) const;
  void pack_tile(const CellWeights& weights, int vector, int vectors, int lanes);

  CellKind kind_;
  int inputs_, units_;
  Floats weights_, biases_, hidden_, state_, scratch_;
  RecurrentCell cell_{};
};

}  // namespace wetprint::playing
