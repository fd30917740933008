#include <cstring>
#include <initializer_list>

#include "check.h"
#include "cpu/kernels.h"

int main() {
  CHECK(wetprint::kernels_of("baseline") != nullptr);
  CHECK(wetprint::kernels_of("no such level") == nullptr);
  CHECK(wetprint::kernels().lanes >= 4);
  for (const char* level : {"baseline", "avx2", "avx512"}) {
    const wetprint::Kernels* found = wetprint::kernels_of(level);
    CHECK(found == nullptr || !std::strcmp(found->level, level));
  }
  return failures != 0;
}
