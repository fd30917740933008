// A cell agrees with its equations, written out, for any number of units.
#include <cmath>
#include <initializer_list>
#include <random>
#include <vector>

#include "check.h"
#include "playing/cell.h"

namespace {

using wetprint::playing::Budget;
using wetprint::playing::Cell;
using wetprint::playing::CellKind;
using Numbers = std::vector<double>;

struct Case {
  CellKind kind;
  int inputs, units;
  std::vector<float> from_inputs, from_hidden, input_biases, hidden_biases;

  Case(CellKind is, int input_count, int unit_count) : kind(is), inputs(input_count), units(unit_count) {
    std::mt19937 random(units);
    // small enough that rounding does not grow from sample to sample
    std::normal_distribution<float> draw(0.0f, 0.7f / std::sqrt(static_cast<float>(units)));
    const auto fill = [&](std::vector<float>& weights, int count) {
      for (weights.resize(count); float& each : weights) each = draw(random);
    };
    const int rows = (kind == CellKind::lstm ? 4 : 3) * units;
    fill(from_inputs, rows * inputs);
    fill(from_hidden, rows * units);
    fill(input_biases, rows);
    fill(hidden_biases, rows);
  }

  double heard(int row, const Numbers& audio) const {
    double sum = input_biases[row];
    for (int input = 0; input < inputs; ++input) sum += from_inputs[row * inputs + input] * audio[input];
    return sum;
  }

  double remembered(int row, const Numbers& hidden) const {
    double sum = hidden_biases[row];
    for (int unit = 0; unit < units; ++unit) sum += from_hidden[row * units + unit] * hidden[unit];
    return sum;
  }
};

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

void step(const Case& cell, const Numbers& audio, Numbers& hidden, Numbers& state) {
  const Numbers before = hidden;
  const int units = cell.units;
  for (int unit = 0; unit < units; ++unit) {
    const auto from = [&](int gate) { return cell.heard(gate * units + unit, audio); };
    const auto kept = [&](int gate) { return cell.remembered(gate * units + unit, before); };
    if (cell.kind == CellKind::lstm) {
      state[unit] = sigmoid(from(1) + kept(1)) * state[unit] +
                    sigmoid(from(0) + kept(0)) * std::tanh(from(2) + kept(2));
      hidden[unit] = sigmoid(from(3) + kept(3)) * std::tanh(state[unit]);
    } else {
      const double update = sigmoid(from(1) + kept(1));
      const double fresh = std::tanh(from(2) + sigmoid(from(0) + kept(0)) * kept(2));
      hidden[unit] = (1.0 - update) * fresh + update * before[unit];
    }
  }
}

void agrees_with_equations(const Case& shape) {
  Budget budget;
  Cell cell(budget, shape.kind,
            {shape.from_inputs, shape.from_hidden, shape.input_biases, shape.hidden_biases},
            shape.inputs, shape.units);
  Numbers hidden(shape.units), state(shape.units), audio(shape.inputs);
  std::vector<float> heard(shape.inputs);
  std::mt19937 random(9);
  std::normal_distribution<float> draw;
  for (int sample = 0; sample < 200; ++sample) {
    for (int input = 0; input < shape.inputs; ++input) audio[input] = heard[input] = draw(random);
    step(shape, audio, hidden, state);
    cell.step(heard.data());
    for (int unit = 0; unit < shape.units; ++unit) {
      CHECK(std::abs(cell.hidden()[unit] - hidden[unit]) < 1e-4);
    }
  }
}

}  // namespace

int main() {
  for (const int units : {1, 3, 8, 9, 16, 17, 24, 25, 40, 64, 80}) {
    for (const int inputs : {1, 2}) {
      agrees_with_equations(Case(CellKind::lstm, inputs, units));
      agrees_with_equations(Case(CellKind::gru, inputs, units));
    }
  }
  return failures != 0;
}
