// Every training kernel, on small shapes and every level: run for the sanitizers, and checked to give
// the same on one thread and on two. What the results must be is checked against PyTorch.
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "check.h"
#include "cpu/kernels.h"
#include "training/delay_line.h"
#include "training/recurrent.h"
#include "training/recursion.h"
#include "training/stack.h"

using namespace wetprint;

namespace {

// Numbers that look random, from -0.5 to 0.5.
std::vector<float> noise(std::ptrdiff_t count) {
  static std::uint32_t state = 1;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / static_cast<float>(1 << 24) - 0.5f;
  }
  return values;
}

bool finite(const std::vector<float>& values) {
  for (float value : values) {
    if (!std::isfinite(value)) return false;
  }
  return true;
}

std::vector<float> train_stack(const Kernels& kernels, const StackShape& shape, int batch, std::ptrdiff_t wanted,
                               int threads, std::vector<float> weights, std::vector<float> audio,
                               std::vector<float> condition) {
  const Stack stack(shape);
  const std::ptrdiff_t all = wanted + shape.context();
  std::vector<float> wet(static_cast<std::size_t>(batch * shape.outputs * wanted));
  std::vector<float> slopes(weights.size()), to_audio(audio.size()), to_condition(condition.size());
  StackSignals signals;
  signals.audio = {audio.data(), shape.inputs, all};
  if (shape.conditions) signals.condition = {condition.data(), shape.conditions, all};
  signals.wet = {wet.data(), shape.outputs, wanted};
  const auto saved = stack.forward(kernels, weights.data(), signals, batch, true, threads);
  std::vector<float> played = wet;
  signals.wet.at = played.data();
  stack.forward(kernels, weights.data(), signals, batch, false, threads);
  CHECK(played == wet);
  StackSignals gradients;
  gradients.wet = {wet.data(), shape.outputs, wanted};
  gradients.audio = {to_audio.data(), shape.inputs, all};
  if (shape.conditions) gradients.condition = {to_condition.data(), shape.conditions, all};
  stack.backward(kernels, weights.data(), *saved, gradients, slopes.data(), threads);
  for (const auto* part : {&slopes, &to_audio, &to_condition}) wet.insert(wet.end(), part->begin(), part->end());
  return wet;
}

void test_stacks(const Kernels& kernels) {
  for (int width : {1, 3, 5, 16}) {
    for (int activation : {0, 1, 2, 3}) {
      const StackShape shape{2, width % 2, width, 2, 3, {1, 7, 400}, static_cast<Activation>(activation),
                             width > 3, false};
      const int batch = 3;
      const std::ptrdiff_t wanted = 1001, all = wanted + shape.context();
      const auto weights = noise(static_cast<std::ptrdiff_t>(WeightLayout(shape).count));
      const auto audio = noise(batch * shape.inputs * all), condition = noise(batch * shape.conditions * all);
      const auto one = train_stack(kernels, shape, batch, wanted, 1, weights, audio, condition);
      CHECK(finite(one));
      CHECK(one == train_stack(kernels, shape, batch, wanted, 2, weights, audio, condition));
    }
  }
}

std::vector<float> train_cells(const Kernels& kernels, CellKind kind, int threads) {
  const CellShape shape{kind, 2, 5, 19, 70};
  const auto size = [](std::ptrdiff_t count) { return std::vector<float>(static_cast<std::size_t>(count), 0.1f); };
  auto matrix = size(shape.gates() * shape.heard()), bias = size(shape.gates());
  auto audio = size(shape.batch * shape.inputs * shape.samples), state = size(shape.batch * shape.width);
  auto hidden = size(shape.batch * shape.width * shape.samples), last = state;
  float* cell = kind == CellKind::lstm ? state.data() : nullptr;
  float* last_cell = kind == CellKind::lstm ? last.data() : nullptr;
  const CellData data{matrix.data(), bias.data(), audio.data(), state.data(), cell, hidden.data(), last_cell};
  const auto saved = run_cells(kernels, shape, data, true, threads);
  auto slopes = matrix, to_bias = bias, to_audio = audio, to_state = state, to_cell = state;
  const CellData gradients{slopes.data(), to_bias.data(), to_audio.data(), to_state.data(), to_cell.data(),
                           hidden.data(), last_cell};
  run_cells_backward(kernels, *saved, data, gradients, threads);
  for (const auto* part : {&slopes, &to_bias, &to_audio, &to_state}) hidden.insert(hidden.end(), part->begin(), part->end());
  return hidden;
}

void test_rows() {
  constexpr int kRows = 3;
  constexpr std::ptrdiff_t kSamples = 50;
  const auto x = noise(kRows * kSamples), slope = noise(kRows * kSamples), past = noise(kRows * 4);
  const auto coefficients = noise(kRows * 4);
  std::vector<float> y(x.size()), to_x(x.size()), to_feedback(past.size()), to_past(past.size());
  for (int order : {1, 2, 4}) {
    const AllPole filter{kRows, order, kSamples, coefficients.data(), past.data()};
    all_pole(filter, x.data(), y.data(), 2);
    all_pole_backward(filter, y.data(), slope.data(), to_x.data(), to_feedback.data(), to_past.data(), 2);
  }
  const Envelope envelope{kRows, kSamples, coefficients.data(), coefficients.data(), past.data()};
  follow_envelope(envelope, x.data(), y.data(), 2);
  follow_envelope_backward(envelope, x.data(), y.data(), slope.data(),
                           {to_x.data(), to_feedback.data(), to_feedback.data(), to_past.data()}, 2);
  auto delay = noise(kRows * kSamples);
  for (float& each : delay) each *= 300.0f;  // far outside the line on either side
  delay[7] = 1e30f;
  delay[9] = NAN;
  for (int method : {0, 1, 2}) {
    const DelayRead read{static_cast<Interpolation>(method), kRows, kSamples, kSamples, 0};
    std::vector<float> to_line(x.size()), to_delay(x.size());
    read_delay_line(read, x.data(), delay.data(), y.data(), 2);
    read_delay_line_backward(read, x.data(), delay.data(), slope.data(), to_line.data(), to_delay.data(), 2);
    CHECK(std::isnan(y[9]) && y[7] == 0.0f);
  }
}

}  // namespace

int main() {
  for (const char* level : {"baseline", "avx2", "avx512"}) {
    const Kernels* found = kernels_of(level);
    if (!found) continue;
    test_stacks(*found);
    for (CellKind kind : {CellKind::lstm, CellKind::gru}) {
      CHECK(finite(train_cells(*found, kind, 1)));
      CHECK(train_cells(*found, kind, 1) == train_cells(*found, kind, 2));
    }
  }
  test_rows();
  return failures != 0;
}
