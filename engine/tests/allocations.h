// Counts every allocation of the program that includes it, in its one source file: operator new in
// all its forms, and, where the linker is asked to hand them over (see CMakeLists.txt), malloc and
// its kin.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

inline long allocations = 0;

inline void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* made = nullptr;
  if (posix_memalign(&made, alignment < sizeof(void*) ? sizeof(void*) : alignment, size)) {
    throw std::bad_alloc();
  }
  return made;
}

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* data) noexcept { std::free(data); }
void operator delete[](void* data) noexcept { std::free(data); }
void operator delete(void* data, std::size_t) noexcept { std::free(data); }
void operator delete[](void* data, std::size_t) noexcept { std::free(data); }
void operator delete(void* data, std::align_val_t) noexcept { std::free(data); }
void operator delete[](void* data, std::align_val_t) noexcept { std::free(data); }
void operator delete(void* data, std::size_t, std::align_val_t) noexcept { std::free(data); }
void operator delete[](void* data, std::size_t, std::align_val_t) noexcept { std::free(data); }

#ifdef WETPRINT_WRAPS_MALLOC
extern "C" {
void* __real_malloc(std::size_t size);
void* __real_calloc(std::size_t count, std::size_t size);
void* __real_realloc(void* data, std::size_t size);
void* __wrap_malloc(std::size_t size) { return ++allocations, __real_malloc(size); }
void* __wrap_calloc(std::size_t count, std::size_t size) {
  return ++allocations, __real_calloc(count, size);
}
void* __wrap_realloc(void* data, std::size_t size) {
  return ++allocations, __real_realloc(data, size);
}
}
#endif
