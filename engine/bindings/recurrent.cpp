// LSTM and GRU: see src/wetprint/engine/recurrent.py, which is what calls them.
#include <nanobind/stl/unique_ptr.h>

#include "bindings/tensors.h"
#include "bindings/training.h"
#include "training/recurrent.h"

namespace nb = nanobind;
using namespace wetprint;

namespace {

// The signals and states of a call, as tensors; every size follows from `audio` and `matrix`.
struct Tensors {
  Matrix matrix;
  Flat bias;
  MaybeTensor audio, hidden;
  MaybeMatrix first_hidden, first_cell, last_cell;
};

void demand_signal(const MaybeTensor& tensor, const CellShape& shape, int channels) {
  demand(!tensor || (tensor->shape(0) == static_cast<std::size_t>(shape.batch) &&
                     tensor->shape(1) == static_cast<std::size_t>(channels) &&
                     tensor->shape(2) == static_cast<std::size_t>(shape.samples)),
         "a signal has the wrong shape");
}

float* state_at(MaybeMatrix& state, const CellShape& shape) {
  if (!state) return nullptr;
  demand(state->shape(0) == static_cast<std::size_t>(shape.batch) &&
             state->shape(1) == static_cast<std::size_t>(shape.width), "a state has the wrong shape");
  return state->data();
}

CellData data_of(const CellShape& shape, Tensors tensors) {
  demand(tensors.matrix.shape(0) == static_cast<std::size_t>(shape.gates()) &&
             tensors.matrix.shape(1) == static_cast<std::size_t>(shape.heard()) &&
             tensors.bias.shape(0) == static_cast<std::size_t>(shape.gates()),
         "the weights have the wrong shape");
  demand_signal(tensors.audio, shape, shape.inputs);
  demand_signal(tensors.hidden, shape, shape.width);
  return {.matrix = tensors.matrix.data(),
          .bias = tensors.bias.data(),
          .audio = tensors.audio ? tensors.audio->data() : nullptr,
          .first_hidden = state_at(tensors.first_hidden, shape),
          .first_cell = state_at(tensors.first_cell, shape),
          .hidden = tensors.hidden ? tensors.hidden->data() : nullptr,
          .last_cell = state_at(tensors.last_cell, shape)};
}

std::unique_ptr<SavedCells> forward(int kind, Matrix matrix, Flat bias, Tensor audio, MaybeMatrix first_hidden,
                                    MaybeMatrix first_cell, Tensor hidden, MaybeMatrix last_cell, bool keep,
                                    int threads, const std::string& level) {
  demand(kind == 0 || kind == 1, "unknown cell");
  const CellShape shape{static_cast<CellKind>(kind), static_cast<int>(audio.shape(1)),
                        static_cast<int>(hidden.shape(1)), static_cast<int>(audio.shape(0)),
                        static_cast<std::ptrdiff_t>(audio.shape(2))};
  demand(shape.inputs > 0 && shape.width > 0 && shape.batch > 0 && shape.samples > 0, "nothing to run");
  const CellData data = data_of(shape, {matrix, bias, audio, hidden, first_hidden, first_cell, last_cell});
  const Kernels& chosen = kernels_for(level);
  nb::gil_scoped_release unlocked;
  return run_cells(chosen, shape, data, keep, threads);
}

void backward(const SavedCells& saved, Matrix matrix, MaybeTensor hidden, MaybeMatrix last_cell,
              Matrix to_matrix, Flat to_bias, MaybeTensor to_audio, MaybeMatrix to_hidden,
              MaybeMatrix to_cell, int threads, const std::string& level) {
  const CellData gradients = data_of(saved.shape, {to_matrix, to_bias, to_audio, hidden, to_hidden, to_cell, last_cell});
  const CellData data = data_of(saved.shape, {matrix, to_bias, {}, {}, {}, {}, {}});
  const Kernels& chosen = kernels_for(level);
  nb::gil_scoped_release unlocked;
  run_cells_backward(chosen, saved, data, gradients, threads);
}

}  // namespace

void bind_recurrent(nb::module_& module) {
  using namespace nb::literals;
  nb::class_<SavedCells>(module, "SavedCells", nb::is_weak_referenceable(), "What a forward leaves for its backward.");
  module.def("run_cells", &forward, "kind"_a, "matrix"_a, "bias"_a, "audio"_a, "first_hidden"_a.none(),
             "first_cell"_a.none(), "hidden"_a, "last_cell"_a.none(), "keep"_a, "threads"_a, "level"_a = "");
  module.def("run_cells_backward", &backward, "saved"_a, "matrix"_a, "hidden"_a.none(), "last_cell"_a.none(),
             "to_matrix"_a, "to_bias"_a, "to_audio"_a.none(), "to_hidden"_a.none(), "to_cell"_a.none(),
             "threads"_a, "level"_a = "");
}
