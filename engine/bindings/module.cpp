// The Python module wetprint._engine; its Python face is src/wetprint/engine/.
#include <nanobind/nanobind.h>

#include "bindings/training.h"
#include "cpu/kernels.h"
#include "player.h"

namespace nb = nanobind;

NB_MODULE(_engine, module) {
  module.doc() = "Inner loops of wetprint, compiled.";
  module.def("cpu_level", [] { return wetprint::kernels().level; },
             "Return the level of processor that the inner loops were chosen for.");
  module.def("has_level", [](const char* level) { return wetprint::kernels_of(level) != nullptr; }, nb::arg("level"),
             "Say whether this machine can run the inner loops of a level.");
  // stacks live in a cache of the Python side until the interpreter is gone
  nb::set_leak_warnings(false);
  bind_stack(module);
  wetprint::bind_player(module);
  bind_rows(module);
  bind_allpass(module);
  bind_feedback_gain(module);
  bind_recurrent(module);
  bind_state_variable(module);
}
