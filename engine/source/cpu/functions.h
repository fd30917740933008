// Functions of vectors.
#pragma once

#include "cpu/simd.h"

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace {

// One instruction where the processor has one, which compilers do not find by themselves, because
// it treats NaN in its own way.
inline Vector smaller(Vector one, Vector other) {
#if defined(__AVX512F__)
  return _mm512_maskz_min_ps(0xFFFF, one, other);  // gcc 12 warns of the plain one
#elif defined(__AVX2__)
  return _mm256_min_ps(one, other);
#else
  return one < other ? one : other;
#endif
}

inline Vector larger(Vector one, Vector other) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(0xFFFF, one, other);
#elif defined(__AVX2__)
  return _mm256_max_ps(one, other);
#else
  return one > other ? one : other;
#endif
}

// tanh as x P(x²) / Q(x²), each of degree 4: the rational approximation of least relative error on
// |x| <= 7.9, found by weighted least squares with Lawson's updates (Lawson 1961; for the rational
// case Sanathanan and Koerner 1963, doi:10.1109/TAC.1963.1105517). It is off by 6e-9 in exact
// arithmetic and by less than 3e-7 in floats; beyond 7.9, tanh is within 3e-7 of 1.
inline Vector hyperbolic_tangent(Vector x) {
  constexpr float kBeyond = 7.9f;
  x = smaller(broadcast(kBeyond), larger(broadcast(-kBeyond), x));  // in this order NaN stays NaN
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

inline Vector sigmoid(Vector x) {
  return hyperbolic_tangent(x * 0.5f) * 0.5f + 0.5f;
}

constexpr float kLeak = 0.1f;  // slope of the leaky rectifier below zero, as the twin has it

inline Vector leaky_relu(Vector x) {
  return larger(x, x * kLeak);
}

}  // namespace
