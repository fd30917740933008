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

// tanh as x P(x²) / Q(x²), fitted for the least relative error on [-9, 9], beyond which float32
// knows only ±1; within 4e-7 of tanh, relative. The rational form keeps small signals exact.
inline Vector hyperbolic_tangent(Vector x) {
  constexpr float kBeyond = 9.0f;
  x = smaller(broadcast(kBeyond), larger(broadcast(-kBeyond), x));  // in this order NaN stays NaN
  const Vector u = x * x;
  Vector above = broadcast(1.3353239792421758e-08f);
  above = above * u + 2.0608068711510887e-05f;
  above = above * u + 0.003495528002458986f;
  above = above * u + 0.1338097585219464f;
  above = above * u + 0.9999999796402042f;
  Vector below = broadcast(7.775978745612917e-07f);
  below = below * u + 0.0003285535256603749f;
  below = below * u + 0.02587675584311871f;
  below = below * u + 0.4671429151785767f;
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
