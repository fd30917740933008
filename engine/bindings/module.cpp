// The Python module wetprint._engine; its Python face is src/wetprint/engine/.
#include <nanobind/nanobind.h>

#include "cpu/kernels.h"

namespace nb = nanobind;

NB_MODULE(_engine, module) {
  module.doc() = "Inner loops of wetprint, compiled.";
  module.def("cpu_level", [] { return wetprint::kernels().level; },
             "Return the level of processor that the inner loops were chosen for.");
}
