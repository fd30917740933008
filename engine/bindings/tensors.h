// Tensors as the engine takes them from Python.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <optional>
#include <stdexcept>

using Flat = nanobind::ndarray<float, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
using Matrix = nanobind::ndarray<float, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using Tensor = nanobind::ndarray<float, nanobind::ndim<3>, nanobind::c_contig, nanobind::device::cpu>;
using MaybeMatrix = std::optional<Matrix>;
using MaybeTensor = std::optional<Tensor>;

inline void demand(bool held, const char* what) {
  if (!held) throw std::invalid_argument(what);
}
