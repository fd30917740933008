// A compressor that hears itself: see src/wetprint/engine/feedback_gain.py, which is what calls it.
#include "training/feedback_gain.h"

#include "bindings/tensors.h"
#include "bindings/training.h"

namespace nb = nanobind;
using namespace wetprint;

namespace {

// `rates` are of the window, the attack and the release; `grid` holds the lowest and the highest
// level of the knots in `values`, and is empty where these are the parameters of a knee.
GainDetector detector_of(bool squares, bool follows_level, bool decoupled, const Doubles& rates,
                             const Flat& values, const Doubles& grid) {
  demand(rates.shape(0) == kDetectorRates, kMisfit);
  GainCurve curve{values.data(), 0, 0.0, 0.0};
  if (grid.shape(0) == 2) {
    demand(values.shape(0) > 1 && grid.data()[1] > grid.data()[0], kMisfit);
    curve.count = static_cast<int>(values.shape(0));
    curve.lowest = grid.data()[0];
    curve.density = (curve.count - 1) / (grid.data()[1] - grid.data()[0]);
  } else {
    demand(grid.shape(0) == 0 && values.shape(0) == kKneeParameters, kMisfit);
  }
  const double* rate = rates.data();
  return {{squares}, true, follows_level, rate[0], {decoupled, rate[1], rate[2]}, curve};
}

DetectorState state_of(const Doubles& past) {
  demand(past.shape(0) == kDetectorStates, kMisfit);
  const double* at = past.data();
  return {at[0], at[1], at[2], at[3]};
}

void run(Flat x, bool squares, bool follows_level, bool decoupled, Doubles rates, Flat values, Doubles grid,
         Doubles past, DoubleMatrix states, Flat gain) {
  const GainDetector detector = detector_of(squares, follows_level, decoupled, rates, values, grid);
  const DetectorState begun = state_of(past);
  demand(states.shape(0) == x.shape(0) && states.shape(1) == kDetectorStates, kMisfit);
  demand(gain.shape(0) == x.shape(0), kMisfit);
  nb::gil_scoped_release unlocked;
  feedback_gain(detector, begun, x.data(), static_cast<std::ptrdiff_t>(x.shape(0)), states.data(),
                gain.data());
}

void run_backward(bool squares, bool follows_level, bool decoupled, Doubles rates, Flat values,
                  Doubles grid, Doubles past, DoubleMatrix states, Flat to_gain, Flat to_x, Doubles to_rates,
                  Doubles to_values, Doubles to_past) {
  const GainDetector detector = detector_of(squares, follows_level, decoupled, rates, values, grid);
  const DetectorState begun = state_of(past);
  const std::size_t samples = states.shape(0);
  demand(states.shape(1) == kDetectorStates, kMisfit);
  demand(to_gain.shape(0) == samples && to_x.shape(0) == samples, kMisfit);
  demand(to_rates.shape(0) == kDetectorRates && to_past.shape(0) == kDetectorStates, kMisfit);
  demand(to_values.shape(0) == values.shape(0), kMisfit);
  nb::gil_scoped_release unlocked;
  feedback_gain_backward(detector, begun, static_cast<std::ptrdiff_t>(samples), states.data(),
                         to_gain.data(), {to_x.data(), to_rates.data(), to_values.data(), to_past.data()});
}

}  // namespace

void bind_feedback_gain(nb::module_& module) {
  using namespace nb::literals;
  module.def("feedback_gain", &run, "x"_a, "squares"_a, "follows_level"_a, "decoupled"_a, "rates"_a, "values"_a,
             "grid"_a, "past"_a, "states"_a, "gain"_a);
  module.def("feedback_gain_backward", &run_backward, "squares"_a, "follows_level"_a, "decoupled"_a,
             "rates"_a, "values"_a, "grid"_a, "past"_a, "states"_a, "to_gain"_a, "to_x"_a, "to_rates"_a,
             "to_values"_a, "to_past"_a);
}
