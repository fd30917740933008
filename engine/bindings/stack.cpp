// wetprint._engine.Stack: see src/wetprint/engine/dilated.py, which is what calls it.
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <vector>

#include "bindings/tensors.h"
#include "bindings/training.h"
#include "training/stack.h"

namespace nb = nanobind;
using wetprint::Saved;
using wetprint::Signal;
using wetprint::Stack;
using wetprint::StackShape;
using wetprint::StackSignals;

namespace {

Signal signal_of(const MaybeTensor& tensor, std::size_t batch, int channels, std::ptrdiff_t samples,
                 const char* what) {
  if (!tensor) return {};
  demand(tensor->shape(0) == batch && tensor->shape(1) == static_cast<std::size_t>(channels) &&
             tensor->shape(2) >= static_cast<std::size_t>(samples), what);
  return {tensor->data(), static_cast<std::ptrdiff_t>(tensor->shape(1)), static_cast<std::ptrdiff_t>(tensor->shape(2))};
}

// Every address that the kernels read or write follows from these shapes.
StackSignals signals_of(const StackShape& shape, std::size_t batch, std::ptrdiff_t wanted,
                        const MaybeTensor& audio, const MaybeTensor& condition,
                        const MaybeTensor& head_input, const MaybeTensor& wet,
                        const MaybeTensor& last_hidden) {
  const std::ptrdiff_t all = wanted + shape.context();
  return {signal_of(audio, batch, shape.inputs, all, "audio has the wrong shape"),
          signal_of(condition, batch, shape.conditions, all - shape.reach(0), "condition has the wrong shape"),
          signal_of(head_input, batch, shape.width, wanted, "head_input has the wrong shape"),
          signal_of(wet, batch, shape.outputs, wanted, "wet has the wrong shape"),
          signal_of(last_hidden, batch, shape.width, wanted, "last_hidden has the wrong shape")};
}

Stack make_stack(int inputs, int conditions, int width, int outputs, int kernel_size,
                 std::vector<int> dilations, int activation, bool accumulate, bool last_hidden) {
  demand(inputs > 0 && conditions >= 0 && width > 0 && outputs > 0 && kernel_size > 0, "channels and kernel_size must be positive");
  demand(!dilations.empty(), "there must be a layer");
  for (int dilation : dilations) demand(dilation > 0, "dilations must be positive");
  demand(activation >= 0 && activation <= 3, "unknown activation");
  return Stack(StackShape{inputs, conditions, width, outputs, kernel_size, std::move(dilations),
                          static_cast<wetprint::Activation>(activation), accumulate, last_hidden});
}

std::unique_ptr<Saved> forward(const Stack& stack, Flat weights, Tensor audio, MaybeTensor condition,
                               MaybeTensor head_input, Tensor wet, MaybeTensor last_hidden, bool keep,
                               int threads, const std::string& level) {
  const StackShape& shape = stack.shape();
  demand(weights.shape(0) == stack.layout().count, "weights have the wrong length");
  demand(condition.has_value() == (shape.conditions > 0), "condition is wanted exactly where the shape has one");
  demand(last_hidden.has_value() == shape.last_hidden, "last_hidden is wanted exactly where the shape has it");
  demand(!head_input || shape.accumulate, "only an accumulating head has an input");
  const auto wanted = static_cast<std::ptrdiff_t>(wet.shape(2));
  demand(wanted > 0, "wet must have samples");
  const StackSignals signals = signals_of(shape, wet.shape(0), wanted, audio, condition, head_input, wet, last_hidden);
  const wetprint::Kernels& chosen = kernels_for(level);
  const int batch = static_cast<int>(wet.shape(0));
  nb::gil_scoped_release unlocked;
  return stack.forward(chosen, weights.data(), signals, batch, keep, threads);
}

void backward(const Stack& stack, const Saved& saved, Flat weights, MaybeTensor wet, MaybeTensor last_hidden,
              Flat weight_gradient, MaybeTensor audio, MaybeTensor condition, MaybeTensor head_input,
              int threads, const std::string& level) {
  demand(weights.shape(0) == stack.layout().count && weight_gradient.shape(0) == stack.layout().count,
         "weights have the wrong length");
  const wetprint::Piece& last = saved.pieces.back();
  const std::size_t batch = static_cast<std::size_t>(last.item) + 1;
  const StackSignals gradients = signals_of(stack.shape(), batch, last.first + last.wanted, audio, condition, head_input, wet, last_hidden);
  const wetprint::Kernels& chosen = kernels_for(level);
  nb::gil_scoped_release unlocked;
  stack.backward(chosen, weights.data(), saved, gradients, weight_gradient.data(), threads);
}

}  // namespace

void bind_stack(nb::module_& module) {
  using namespace nb::literals;
  nb::class_<Saved>(module, "Saved", nb::is_weak_referenceable(), "What a forward leaves for its backward.");
  nb::class_<Stack>(module, "Stack", "A stack of dilated convolutions.")
      .def_prop_ro("context_samples", [](const Stack& stack) { return stack.shape().context(); })
      .def_prop_ro("weight_count", [](const Stack& stack) { return stack.layout().count; })
      .def("forward", &forward, "weights"_a, "audio"_a, "condition"_a.none(), "head_input"_a.none(), "wet"_a,
           "last_hidden"_a.none(), "keep"_a, "threads"_a, "level"_a = "")
      .def("backward", &backward, "saved"_a, "weights"_a, "wet"_a.none(), "last_hidden"_a.none(),
           "weight_gradient"_a, "audio"_a.none(), "condition"_a.none(), "head_input"_a.none(), "threads"_a,
           "level"_a = "");
  module.def("make_stack", &make_stack, "inputs"_a, "conditions"_a, "width"_a, "outputs"_a, "kernel_size"_a,
             "dilations"_a, "activation"_a, "accumulate"_a, "last_hidden"_a);
}
