// State-variable filters: see src/wetprint/engine/state_variable.py, which is what calls it.
#include "training/state_variable.h"

#include "bindings/tensors.h"
#include "bindings/training.h"

namespace nb = nanobind;
using namespace wetprint;

namespace {

StateVariable filter_of(const Matrix& x, const Matrix& cutoff, const Matrix& damping, const Matrix& memory) {
  const std::size_t rows = x.shape(0), samples = x.shape(1), sections = memory.shape(1) / 2;
  demand(sections >= 1 && sections <= kMostVariableSections, "there must be 1 to 3 sections");
  demand_shape(cutoff, rows, samples);
  demand_shape(damping, rows, samples);
  demand_shape(memory, rows, 2 * sections);
  return {static_cast<int>(rows), static_cast<int>(sections), static_cast<std::ptrdiff_t>(samples), cutoff.data(),
          damping.data()};
}

void run(Matrix x, Matrix cutoff, Matrix damping, Matrix memory, Matrix states, int threads) {
  const StateVariable filter = filter_of(x, cutoff, damping, memory);
  demand_shape(states, x.shape(0) * memory.shape(1), x.shape(1));
  nb::gil_scoped_release unlocked;
  play_state_variable(filter, x.data(), memory.data(), states.data(), threads);
}

void run_backward(Matrix x, Matrix cutoff, Matrix damping, Matrix memory, Matrix to_states, Matrix to_x,
                  Matrix to_cutoff, Matrix to_damping, int threads) {
  const StateVariable filter = filter_of(x, cutoff, damping, memory);
  demand_shape(to_states, x.shape(0) * memory.shape(1), x.shape(1));
  for (const Matrix& each : {to_x, to_cutoff, to_damping}) demand_shape(each, x.shape(0), x.shape(1));
  nb::gil_scoped_release unlocked;
  play_state_variable_backward(filter, x.data(), memory.data(), to_states.data(),
                               {to_x.data(), to_cutoff.data(), to_damping.data()}, threads);
}

}  // namespace

void bind_state_variable(nb::module_& module) {
  using namespace nb::literals;
  module.def("play_state_variable", &run, "x"_a, "cutoff"_a, "damping"_a, "memory"_a, "states"_a, "threads"_a);
  module.def("play_state_variable_backward", &run_backward, "x"_a, "cutoff"_a, "damping"_a, "memory"_a,
             "to_states"_a, "to_x"_a, "to_cutoff"_a, "to_damping"_a, "threads"_a);
}
