// A phaser's cascade: see src/wetprint/engine/allpass.py, which is what calls it.
#include "training/allpass.h"

#include "bindings/tensors.h"
#include "bindings/training.h"

namespace nb = nanobind;
using namespace wetprint;

namespace {

AllpassCascade cascade_of(const Matrix& x, const Matrix& turn, const Matrix& spread, const Flat& feedback,
                          const Matrix& memory) {
  const std::size_t rows = x.shape(0), stages = spread.shape(1);
  demand(stages >= 1 && stages <= kMostAllpassStages, "there must be 1 to 24 stages");
  demand_shape(turn, rows, x.shape(1));
  demand_shape(spread, rows, stages);
  demand_shape(memory, rows, stages + 1);
  demand(feedback.shape(0) == rows, "there must be one feedback a row");
  return {static_cast<int>(rows), static_cast<int>(stages), static_cast<std::ptrdiff_t>(x.shape(1)),
          turn.data(), spread.data(), feedback.data()};
}

void run(Matrix x, Matrix turn, Matrix spread, Flat feedback, Matrix memory, Matrix y, int threads) {
  const AllpassCascade cascade = cascade_of(x, turn, spread, feedback, memory);
  demand_shape(y, x.shape(0), x.shape(1));
  nb::gil_scoped_release unlocked;
  play_allpass(cascade, x.data(), memory.data(), y.data(), threads);
}

void run_backward(Matrix x, Matrix turn, Matrix spread, Flat feedback, Matrix memory, Matrix to_y, Matrix to_x,
                  Matrix to_turn, Matrix to_spread, Flat to_feedback, int threads) {
  const AllpassCascade cascade = cascade_of(x, turn, spread, feedback, memory);
  for (const Matrix& each : {to_y, to_x, to_turn}) demand_shape(each, x.shape(0), x.shape(1));
  demand_shape(to_spread, x.shape(0), spread.shape(1));
  demand(to_feedback.shape(0) == x.shape(0), "there must be one feedback a row");
  nb::gil_scoped_release unlocked;
  play_allpass_backward(cascade, x.data(), memory.data(), to_y.data(),
                        {to_x.data(), to_turn.data(), to_spread.data(), to_feedback.data()}, threads);
}

void run_tangents(Matrix x, Matrix turn, Matrix spread, Flat feedback, Matrix memory, Matrix directions,
                  Matrix tangents) {
  const AllpassCascade cascade = cascade_of(x, turn, spread, feedback, memory);
  demand(cascade.rows == 1, "tangents are of one row");
  const std::size_t count = directions.shape(1);
  demand_shape(directions, x.shape(1), count);
  demand_shape(tangents, x.shape(1), count + 1 + spread.shape(1));
  nb::gil_scoped_release unlocked;
  allpass_tangents(cascade, x.data(), memory.data(), static_cast<int>(count), directions.data(), tangents.data());
}

}  // namespace

void bind_allpass(nb::module_& module) {
  using namespace nb::literals;
  module.def("play_allpass", &run, "x"_a, "turn"_a, "spread"_a, "feedback"_a, "memory"_a, "y"_a, "threads"_a);
  module.def("play_allpass_backward", &run_backward, "x"_a, "turn"_a, "spread"_a, "feedback"_a, "memory"_a,
             "to_y"_a, "to_x"_a, "to_turn"_a, "to_spread"_a, "to_feedback"_a, "threads"_a);
  module.def("allpass_tangents", &run_tangents, "x"_a, "turn"_a, "spread"_a, "feedback"_a, "memory"_a,
             "directions"_a, "tangents"_a);
}
