// Vectors of floats, as wide as the level of processor that this file is compiled for.
//
// Only for source/cpu/*.h and kernels.cpp: everything here has internal linkage, and nothing from
// the standard library with inline code may be used there, or the linker could pick a copy compiled
// for a newer processor for the rest of the program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

using Vector = float __attribute__((vector_size(kLanes * sizeof(float))));

// A copy of bytes is the one unaligned access that gcc and clang both compile as meant: clang drops
// `aligned` beside `vector_size` in an alias, and then faults on addresses that are not aligned.
inline Vector load(const float* at) {
  Vector value;
  __builtin_memcpy(&value, at, sizeof value);
  return value;
}
inline void store(float* at, Vector value) { __builtin_memcpy(at, &value, sizeof value); }
inline Vector broadcast(float value) { return value - Vector{}; }

}  // namespace
