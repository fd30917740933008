// Nonlinearities over rows, and their gradients.
#pragma once

#include "cpu/kernels.h"
#include "cpu/functions.h"
#include "cpu/simd.h"

namespace {

// Applies `result(row, t)` to every vector of `width` rows, keeps it, and adds it to the head.
template <typename Result>
inline void each_vector(wetprint::Rows active, wetprint::Rows head, int width,
                        std::ptrdiff_t samples, Result result) {
  for (int row = 0; row < width; ++row) {
    for (std::ptrdiff_t t = 0; t < samples; t += kLanes) {
      const Vector value = result(row, t);
      store(active.row(row) + t, value);
      if (head.at) store(head.row(row) + t, load(head.row(row) + t) + value);
    }
  }
}

void activate(wetprint::Activation activation, wetprint::Rows saved, wetprint::Rows active,
              wetprint::Rows head, int width, std::ptrdiff_t samples) {
  using wetprint::Activation;
  const auto heard = [&](int row, std::ptrdiff_t t) { return load(saved.row(row) + t); };
  switch (activation) {
    case Activation::tanh:
      return each_vector(active, head, width, samples,
                         [&](int row, std::ptrdiff_t t) { return hyperbolic_tangent(heard(row, t)); });
    case Activation::gated:
      return each_vector(active, head, width, samples, [&](int row, std::ptrdiff_t t) {
        const Vector signal = hyperbolic_tangent(heard(row, t));
        const Vector gate = sigmoid(heard(row + width, t));
        store(saved.row(row) + t, signal);
        store(saved.row(row + width) + t, gate);
        return signal * gate;
      });
    default:
      const float slope = activation == Activation::relu ? 0.0f : kLeak;
      return each_vector(active, head, width, samples, [&](int row, std::ptrdiff_t t) {
        const Vector x = heard(row, t);
        return x > Vector{} ? x : slope * x;
      });
  }
}

void activate_backward(wetprint::Activation activation, wetprint::Rows saved,
                       wetprint::Rows gradient, wetprint::Rows out, int width,
                       std::ptrdiff_t samples) {
  using wetprint::Activation;
  const wetprint::Rows none{};
  const auto kept = [&](int row, std::ptrdiff_t t) { return load(saved.row(row) + t); };
  const auto slope_out = [&](int row, std::ptrdiff_t t) { return load(gradient.row(row) + t); };
  switch (activation) {
    case Activation::tanh:
      return each_vector(out, none, width, samples, [&](int row, std::ptrdiff_t t) {
        const Vector result = kept(row, t);
        return slope_out(row, t) * (1.0f - result * result);
      });
    case Activation::gated:
      return each_vector(out, none, width, samples, [&](int row, std::ptrdiff_t t) {
        const Vector signal = kept(row, t), gate = kept(row + width, t), slope = slope_out(row, t);
        store(out.row(row + width) + t, slope * signal * gate * (1.0f - gate));
        return slope * gate * (1.0f - signal * signal);
      });
    default:
      const float leak = activation == Activation::relu ? 0.0f : kLeak;
      return each_vector(out, none, width, samples, [&](int row, std::ptrdiff_t t) {
        const Vector slope = slope_out(row, t);
        return kept(row, t) > Vector{} ? slope : leak * slope;
      });
  }
}

}  // namespace
