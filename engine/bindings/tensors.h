// Tensors as the engine takes them from Python.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "cpu/kernels.h"

using Flat = nanobind::ndarray<float, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
using Doubles = nanobind::ndarray<double, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
using DoubleMatrix = nanobind::ndarray<double, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using Matrix = nanobind::ndarray<float, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;
using Tensor = nanobind::ndarray<float, nanobind::ndim<3>, nanobind::c_contig, nanobind::device::cpu>;
using MaybeMatrix = std::optional<Matrix>;
using MaybeTensor = std::optional<Tensor>;

inline const wetprint::Kernels& kernels_for(const std::string& level) {
  if (level.empty()) return wetprint::kernels();
  const wetprint::Kernels* found = wetprint::kernels_of(level.c_str());
  if (!found) throw std::invalid_argument("this machine does not have that level of processor");
  return *found;
}

inline void demand(bool held, const char* what) {
  if (!held) throw std::invalid_argument(what);
}

inline constexpr const char* kMisfit = "the shapes do not fit each other";

inline void demand_shape(const Matrix& matrix, std::size_t rows, std::size_t columns) {
  demand(matrix.shape(0) == rows && matrix.shape(1) == columns, kMisfit);
}
