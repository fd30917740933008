// Recursions and delay lines over rows of samples: see src/wetprint/engine/recursion.py,
// envelope.py and delay_line.py, which are what calls them.
#include "bindings/tensors.h"
#include "bindings/training.h"
#include "training/delay_line.h"
#include "training/octave_trigger.h"
#include "training/recirculation.h"
#include "training/recursion.h"

namespace nb = nanobind;
using namespace wetprint;

namespace {

AllPole all_pole_of(const Matrix& samples, const Matrix& feedback, const Matrix& past) {
  const std::size_t rows = samples.shape(0), order = feedback.shape(1);
  demand(samples.shape(1) > 0 && order > 0, "there must be samples and coefficients");
  demand_shape(feedback, rows, order);
  demand_shape(past, rows, order);
  return {static_cast<int>(rows), static_cast<int>(order), static_cast<std::ptrdiff_t>(samples.shape(1)),
          feedback.data(), past.data()};
}

void run_all_pole(Matrix x, Matrix feedback, Matrix past, Matrix y, int threads) {
  const AllPole filter = all_pole_of(x, feedback, past);
  demand_shape(y, x.shape(0), x.shape(1));
  nb::gil_scoped_release unlocked;
  all_pole(filter, x.data(), y.data(), threads);
}

void run_all_pole_backward(Matrix y, Matrix feedback, Matrix past, Matrix to_y, Matrix to_x,
                           Matrix to_feedback, Matrix to_past, int threads) {
  const AllPole filter = all_pole_of(y, feedback, past);
  for (const Matrix& each : {to_y, to_x}) demand_shape(each, y.shape(0), y.shape(1));
  for (const Matrix& each : {to_feedback, to_past}) demand_shape(each, y.shape(0), feedback.shape(1));
  nb::gil_scoped_release unlocked;
  all_pole_backward(filter, y.data(), to_y.data(), to_x.data(), to_feedback.data(), to_past.data(), threads);
}

Envelope envelope_of(const Matrix& x, const Flat& attack, const Flat& release, const Flat& past) {
  for (const Flat& each : {attack, release, past}) demand(each.shape(0) == x.shape(0), kMisfit);
  return {static_cast<int>(x.shape(0)), static_cast<std::ptrdiff_t>(x.shape(1)), attack.data(),
          release.data(), past.data()};
}

void run_envelope(Matrix x, Flat attack, Flat release, Flat past, Matrix y, int threads) {
  const Envelope envelope = envelope_of(x, attack, release, past);
  demand_shape(y, x.shape(0), x.shape(1));
  nb::gil_scoped_release unlocked;
  follow_envelope(envelope, x.data(), y.data(), threads);
}

void run_envelope_backward(Matrix x, Flat attack, Flat release, Flat past, Matrix y, Matrix to_y, Matrix to_x,
                           Flat to_attack, Flat to_release, Flat to_past, int threads) {
  const Envelope envelope = envelope_of(x, attack, release, past);
  for (const Matrix& each : {y, to_y, to_x}) demand_shape(each, x.shape(0), x.shape(1));
  for (const Flat& each : {to_attack, to_release, to_past}) demand(each.shape(0) == x.shape(0), kMisfit);
  nb::gil_scoped_release unlocked;
  follow_envelope_backward(envelope, x.data(), y.data(), to_y.data(),
                           {to_x.data(), to_attack.data(), to_release.data(), to_past.data()}, threads);
}

// Counts of 0 to 3 and by how much each sample exceeds what is counted; the state goes on.
void run_octave_trigger(Flat x, Doubles settings, Doubles state, Flat counts, Flat excess) {
  demand(settings.shape(0) == kTriggerSettings && state.shape(0) == kTriggerState, kMisfit);
  demand(counts.shape(0) == x.shape(0) && excess.shape(0) == x.shape(0), kMisfit);
  nb::gil_scoped_release unlocked;
  count_octaves(settings.data(), x.data(), x.shape(0), state.data(), counts.data(), excess.data());
}

DelayRead read_of(int interpolation, const Matrix& line, const Matrix& delay, int lead) {
  demand(interpolation >= 0 && interpolation <= 2, "unknown interpolation");
  demand(line.shape(0) == delay.shape(0), kMisfit);
  return {static_cast<Interpolation>(interpolation), static_cast<int>(line.shape(0)),
          static_cast<std::ptrdiff_t>(delay.shape(1)), static_cast<std::ptrdiff_t>(line.shape(1)), lead};
}

void run_read(int interpolation, Matrix line, Matrix delay, int lead, Matrix out, int threads) {
  const DelayRead read = read_of(interpolation, line, delay, lead);
  demand_shape(out, delay.shape(0), delay.shape(1));
  nb::gil_scoped_release unlocked;
  read_delay_line(read, line.data(), delay.data(), out.data(), threads);
}

void run_read_backward(int interpolation, Matrix line, Matrix delay, int lead, Matrix to_out,
                       MaybeMatrix to_line, MaybeMatrix to_delay, int threads) {
  const DelayRead read = read_of(interpolation, line, delay, lead);
  demand_shape(to_out, delay.shape(0), delay.shape(1));
  if (to_line) demand_shape(*to_line, line.shape(0), line.shape(1));
  if (to_delay) demand_shape(*to_delay, delay.shape(0), delay.shape(1));
  nb::gil_scoped_release unlocked;
  read_delay_line_backward(read, line.data(), delay.data(), to_out.data(), to_line ? to_line->data() : nullptr,
                           to_delay ? to_delay->data() : nullptr, threads);
}

Recirculation loop_of(int interpolation, const Flat& feedback, const Matrix& delay, const Matrix& out) {
  demand(interpolation >= 0 && interpolation <= 2, "unknown interpolation");
  demand(feedback.shape(0) == delay.shape(0) && out.shape(0) == delay.shape(0), kMisfit);
  demand(out.shape(1) >= delay.shape(1), kMisfit);
  return {static_cast<Interpolation>(interpolation), static_cast<int>(delay.shape(0)),
          static_cast<std::ptrdiff_t>(delay.shape(1)),
          static_cast<std::ptrdiff_t>(out.shape(1) - delay.shape(1)), feedback.data()};
}

void run_recirculate(int interpolation, Matrix source, Matrix delay, Flat feedback, Matrix out, int threads) {
  const Recirculation loop = loop_of(interpolation, feedback, delay, out);
  demand_shape(source, delay.shape(0), delay.shape(1));
  nb::gil_scoped_release unlocked;
  recirculate(loop, source.data(), delay.data(), out.data(), threads);
}

void run_recirculate_backward(int interpolation, Matrix delay, Flat feedback, Matrix out, Matrix to_out,
                              Matrix to_source, Matrix to_delay, Flat to_feedback, int threads) {
  const Recirculation loop = loop_of(interpolation, feedback, delay, out);
  for (const Matrix& each : {to_out, to_source, to_delay}) demand_shape(each, delay.shape(0), delay.shape(1));
  demand(to_feedback.shape(0) == delay.shape(0), kMisfit);
  nb::gil_scoped_release unlocked;
  recirculate_backward(loop, delay.data(), out.data(), to_out.data(), to_source.data(), to_delay.data(),
                       to_feedback.data(), threads);
}

}  // namespace

void bind_rows(nb::module_& module) {
  using namespace nb::literals;
  module.def("all_pole", &run_all_pole, "x"_a, "feedback"_a, "past"_a, "y"_a, "threads"_a);
  module.def("all_pole_backward", &run_all_pole_backward, "y"_a, "feedback"_a, "past"_a, "to_y"_a, "to_x"_a,
             "to_feedback"_a, "to_past"_a, "threads"_a);
  module.def("follow_envelope", &run_envelope, "x"_a, "attack"_a, "release"_a, "past"_a, "y"_a, "threads"_a);
  module.def("follow_envelope_backward", &run_envelope_backward, "x"_a, "attack"_a, "release"_a, "past"_a,
             "y"_a, "to_y"_a, "to_x"_a, "to_attack"_a, "to_release"_a, "to_past"_a, "threads"_a);
  module.def("count_octaves", &run_octave_trigger, "x"_a, "settings"_a, "state"_a, "counts"_a, "excess"_a);
  module.def("read_delay_line", &run_read, "interpolation"_a, "line"_a, "delay"_a, "lead"_a, "out"_a, "threads"_a);
  module.def("read_delay_line_backward", &run_read_backward, "interpolation"_a, "line"_a, "delay"_a, "lead"_a,
             "to_out"_a, "to_line"_a.none(), "to_delay"_a.none(), "threads"_a);
  module.def("recirculate", &run_recirculate, "interpolation"_a, "source"_a, "delay"_a, "feedback"_a, "out"_a,
             "threads"_a);
  module.def("recirculate_backward", &run_recirculate_backward, "interpolation"_a, "delay"_a, "feedback"_a,
             "out"_a, "to_out"_a, "to_source"_a, "to_delay"_a, "to_feedback"_a, "threads"_a);
}
