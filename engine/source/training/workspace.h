// Memory that is used again: what one training step leaves, the next one takes.
#pragma once

#include <cstddef>

namespace wetprint {

// Floats, aligned to 64 bytes and not initialised. A fresh block costs a page fault for every page,
// which for the activations of one step is as long as the arithmetic; so blocks that are given back
// are kept, the last few of them.
class Workspace {
 public:
  explicit Workspace(std::size_t floats);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  float* data() const { return data_; }

 private:
  float* data_;
  std::size_t bytes_;
};

}  // namespace wetprint
