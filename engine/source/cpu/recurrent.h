// One step of a recurrent cell, after its matrix product, and the way back through it.
//
// LSTM: Hochreiter and Schmidhuber 1997 (doi:10.1162/neco.1997.9.8.1735), with forget gate. GRU: Cho
// et al. 2014 (arXiv:1406.1078), the reset gate acting after the matrix product.
#pragma once

#include "cpu/activations.h"
#include "cpu/kernels.h"
#include "cpu/simd.h"

namespace {

// Calls visit(row, t) for every vector of `width` rows.
template <typename Visit>
inline void each_place(int width, std::ptrdiff_t samples, Visit visit) {
  for (int row = 0; row < width; ++row) {
    for (std::ptrdiff_t t = 0; t < samples; t += kLanes) visit(row, t);
  }
}

inline Vector at(wetprint::Rows rows, int row, std::ptrdiff_t t) { return load(rows.row(row) + t); }
inline void put(wetprint::Rows rows, int row, std::ptrdiff_t t, Vector value) { store(rows.row(row) + t, value); }

// The slope of a sigmoid or a tanh, times what comes from above, by its result.
inline Vector through_sigmoid(Vector slope, Vector result) { return slope * result * (1.0f - result); }
inline Vector through_tanh(Vector slope, Vector result) { return slope * (1.0f - result * result); }

void lstm_step(const wetprint::CellStep& step, int width, std::ptrdiff_t samples) {
  each_place(width, samples, [&](int row, std::ptrdiff_t t) {
    const Vector input = sigmoid(at(step.gates, row, t));
    const Vector forget = sigmoid(at(step.gates, row + width, t));
    const Vector fresh = hyperbolic_tangent(at(step.gates, row + 2 * width, t));
    const Vector output = sigmoid(at(step.gates, row + 3 * width, t));
    const Vector cell = forget * at(step.cell_before, row, t) + input * fresh;
    put(step.gates, row, t, input);
    put(step.gates, row + width, t, forget);
    put(step.gates, row + 2 * width, t, fresh);
    put(step.gates, row + 3 * width, t, output);
    put(step.cell, row, t, cell);
    put(step.hidden, row, t, output * hyperbolic_tangent(cell));
  });
}

void lstm_step_backward(const wetprint::CellStep& step, const wetprint::CellSlopes& to, int width,
                        std::ptrdiff_t samples) {
  each_place(width, samples, [&](int row, std::ptrdiff_t t) {
    const Vector input = at(step.gates, row, t), forget = at(step.gates, row + width, t);
    const Vector fresh = at(step.gates, row + 2 * width, t), output = at(step.gates, row + 3 * width, t);
    const Vector shown = hyperbolic_tangent(at(step.cell, row, t)), to_hidden = at(to.hidden, row, t);
    const Vector to_cell = at(to.cell, row, t) + through_tanh(to_hidden * output, shown);
    put(to.gates, row, t, through_sigmoid(to_cell * fresh, input));
    put(to.gates, row + width, t, through_sigmoid(to_cell * at(step.cell_before, row, t), forget));
    put(to.gates, row + 2 * width, t, through_tanh(to_cell * input, fresh));
    put(to.gates, row + 3 * width, t, through_sigmoid(to_hidden * shown, output));
    put(to.cell, row, t, to_cell * forget);
    put(to.hidden, row, t, Vector{});
  });
}

// Gates: reset, update, what the input asks of the new state, what the past asks of it.
void gru_step(const wetprint::CellStep& step, int width, std::ptrdiff_t samples) {
  each_place(width, samples, [&](int row, std::ptrdiff_t t) {
    const Vector reset = sigmoid(at(step.gates, row, t));
    const Vector update = sigmoid(at(step.gates, row + width, t));
    const Vector asked = at(step.gates, row + 2 * width, t) + reset * at(step.gates, row + 3 * width, t);
    const Vector fresh = hyperbolic_tangent(asked);
    put(step.gates, row, t, reset);
    put(step.gates, row + width, t, update);
    put(step.gates, row + 2 * width, t, fresh);
    put(step.hidden, row, t, fresh + update * (at(step.hidden_before, row, t) - fresh));
  });
}

void gru_step_backward(const wetprint::CellStep& step, const wetprint::CellSlopes& to, int width,
                       std::ptrdiff_t samples) {
  each_place(width, samples, [&](int row, std::ptrdiff_t t) {
    const Vector reset = at(step.gates, row, t), update = at(step.gates, row + width, t);
    const Vector fresh = at(step.gates, row + 2 * width, t), past = at(step.gates, row + 3 * width, t);
    const Vector to_hidden = at(to.hidden, row, t);
    const Vector to_fresh = through_tanh(to_hidden * (1.0f - update), fresh);
    put(to.gates, row, t, through_sigmoid(to_fresh * past, reset));
    put(to.gates, row + width, t, through_sigmoid(to_hidden * (at(step.hidden_before, row, t) - fresh), update));
    put(to.gates, row + 2 * width, t, to_fresh);
    put(to.gates, row + 3 * width, t, to_fresh * reset);
    put(to.hidden, row, t, to_hidden * update);
  });
}

}  // namespace
