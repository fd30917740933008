// Nonlinearities over rows, and their gradients.
#pragma once

#include "cpu/kernels.h"
#include "cpu/simd.h"

namespace {

constexpr float kLeak = 0.1f;  // slope of leaky_relu below zero

// tanh as x P(x^2) / Q(x^2), each of degree 4: the rational approximation of least relative error on
// |x| <= 7.9, found by weighted least squares with Lawson's updates (Lawson 1961; for the rational
// case Sanathanan and Koerner 1963, doi:10.1109/TAC.1963.1105517). It is off by 6e-9 in exact
// arithmetic and by less than 3e-7 in floats; beyond 7.9, tanh is within 3e-7 of 1. NaN stays NaN.
inline Vector tanh_of(Vector x) {
  const Vector bound = broadcast(7.9f);
  x = x > bound ? bound : x;
  x = x < -bound ? -bound : x;
  const Vector u = x * x;
  Vector above = u * 1.5427984223492786e-08f + 2.2023252313374542e-05f;
  above = above * u + 0.003578992560505867f;
  above = above * u + 0.1345062106847763f;
  above = above * u + 1.0f;
  Vector below = u * 8.598784688729211e-07f + 0.00034236512146890163f;
  below = below * u + 0.02619224041700363f;
  below = below * u + 0.46783947944641113f;
  below = below * u + 1.0f;
  return x * above / below;
}

inline Vector sigmoid_of(Vector x) { return 0.5f * tanh_of(0.5f * x) + 0.5f; }

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
                         [&](int row, std::ptrdiff_t t) { return tanh_of(heard(row, t)); });
    case Activation::gated:
      return each_vector(active, head, width, samples, [&](int row, std::ptrdiff_t t) {
        const Vector signal = tanh_of(heard(row, t));
        const Vector gate = sigmoid_of(heard(row + width, t));
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
