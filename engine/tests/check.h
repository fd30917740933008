// What the tests are written with: CHECK(condition) says where it failed and goes on.
#pragma once

#include <cstdio>

inline int failures = 0;

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);  \
      ++failures;                                                                    \
    }                                                                                \
  } while (false)
