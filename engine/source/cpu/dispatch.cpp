#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "cpu/kernels.h"

namespace wetprint {

extern const Kernels kernels_baseline;
#ifdef WETPRINT_X86
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
#endif

const Kernels* kernels_of(const char* level) {
#ifdef WETPRINT_X86
  if (!std::strcmp(level, "avx512")) {
    const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    return has ? &kernels_avx512 : nullptr;
  }
  if (!std::strcmp(level, "avx2")) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_avx2 : nullptr;
  }
#endif
  return !std::strcmp(level, "baseline") ? &kernels_baseline : nullptr;
}

namespace {

const Kernels& choose() {
  if (const char* asked = std::getenv("WETPRINT_CPU")) {
    if (const Kernels* found = kernels_of(asked)) return *found;
  }
  for (const char* level : {"avx512", "avx2"}) {
    if (const Kernels* found = kernels_of(level)) return *found;
  }
  return kernels_baseline;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace wetprint
