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
using UnalignedVector = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

inline Vector load(const float* at) { return *reinterpret_cast<const UnalignedVector*>(at); }
inline void store(float* at, Vector value) { *reinterpret_cast<UnalignedVector*>(at) = value; }
inline Vector broadcast(float value) { return value - Vector{}; }

}  // namespace
