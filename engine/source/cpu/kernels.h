// The table of inner loops. One such table exists for each level of processor.
#pragma once

namespace wetprint {

struct Kernels {
  const char* level;  // "baseline", "avx2" or "avx512"
  int lanes;          // floats in one vector
};

// The table for the best level that this machine has, or for the one that the environment variable
// WETPRINT_CPU names, which serves tests and benchmarks. Chosen once, when first asked for.
const Kernels& kernels();

// The table of a level by name, or null where this machine cannot run it.
const Kernels* kernels_of(const char* level);

}  // namespace wetprint
