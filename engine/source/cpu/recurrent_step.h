// One sample of an LSTM (Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735) or a GRU
// (Cho et al. 2014, arXiv:1406.1078), both in PyTorch's form.
#pragma once

#include "cpu/functions.h"
#include "cpu/playing_table.h"
#include "cpu/recurrent_cell.h"
#include "cpu/simd.h"

namespace {

using wetprint::kGates;
using wetprint::kUnitVectors;
using wetprint::RecurrentCell;

// The gates of one tile of units before their nonlinearities.
template <int kVectors>
inline void gates_of_tile(const RecurrentCell& cell, const float* weights, const float* biases,
                          const float* inputs, const float* hidden,
                          Vector (&sum)[kGates][kVectors]) {
  for (int gate = 0; gate < kGates; ++gate) {
    for (int v = 0; v < kVectors; ++v) sum[gate][v] = load(biases + (gate * kVectors + v) * kLanes);
  }
  const float* sources[] = {inputs, hidden};
  const int counts[] = {cell.inputs, cell.units};
  for (int source = 0; source < 2; ++source) {
    for (int index = 0; index < counts[source]; ++index) {
      const Vector value = broadcast(sources[source][index]);
      for (int gate = 0; gate < kGates; ++gate) {
        for (int v = 0; v < kVectors; ++v, weights += kLanes) {
          sum[gate][v] += value * load(weights);
        }
      }
    }
  }
}

struct LstmGates {
  float* state;
  template <int kVectors>
  void finish(const Vector (&sum)[kGates][kVectors], const float*, float* next, int unit) const {
    for (int v = 0; v < kVectors; ++v, unit += kLanes) {
      const Vector kept = sigmoid(sum[1][v]) * load(state + unit);
      const Vector cell = kept + sigmoid(sum[0][v]) * hyperbolic_tangent(sum[2][v]);
      store(state + unit, cell);
      store(next + unit, sigmoid(sum[3][v]) * hyperbolic_tangent(cell));
    }
  }
};

struct GruGates {
  template <int kVectors>
  void finish(const Vector (&sum)[kGates][kVectors], const float* hidden, float* next,
              int unit) const {
    for (int v = 0; v < kVectors; ++v, unit += kLanes) {
      const Vector fresh = hyperbolic_tangent(sum[2][v] + sigmoid(sum[0][v]) * sum[3][v]);
      const Vector update = sigmoid(sum[1][v]);
      store(next + unit, fresh + update * (load(hidden + unit) - fresh));
    }
  }
};

template <int kVectors, typename Gates>
inline void step_tile(const RecurrentCell& cell, const Gates& gates, const float* inputs,
                      const float* hidden, float* next, int vector) {
  const int first = vector * kGates * kLanes;
  Vector sum[kGates][kVectors];
  gates_of_tile<kVectors>(cell, cell.weights + first * (cell.inputs + cell.units),
                          cell.biases + first, inputs, hidden, sum);
  gates.template finish<kVectors>(sum, hidden, next, vector * kLanes);
}

template <typename Gates>
inline void step(const RecurrentCell& cell, const Gates& gates, const float* inputs, float* hidden,
                 float* next) {
  int vector = 0;
  for (; vector + kUnitVectors <= cell.unit_vectors; vector += kUnitVectors) {
    step_tile<kUnitVectors>(cell, gates, inputs, hidden, next, vector);
  }
  const int left = cell.unit_vectors - vector;
  if (left == 2) step_tile<2>(cell, gates, inputs, hidden, next, vector);
  if (left == 1) step_tile<1>(cell, gates, inputs, hidden, next, vector);
  for (int v = 0; v < cell.unit_vectors; ++v) store(hidden + v * kLanes, load(next + v * kLanes));
}

void lstm(const RecurrentCell& cell, const float* inputs, float* hidden, float* state,
          float* scratch) {
  step(cell, LstmGates{state}, inputs, hidden, scratch);
}

void gru(const RecurrentCell& cell, const float* inputs, float* hidden, float* scratch) {
  step(cell, GruGates{}, inputs, hidden, scratch);
}

}  // namespace
