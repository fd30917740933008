// Memory of a player: aligned for vectors, and counted while a model is built, because a small file
// can describe a network whose past would fill the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "wetprint/player.h"

namespace wetprint::playing {

constexpr std::int64_t kMostFloats = std::int64_t{1} << 28;  // 1 GiB for one model

// What may still be taken for the model that is being built.
class Budget {
 public:
  void take(std::int64_t floats) {
    if (floats > left_) throw ModelError("the model needs more memory than a player may take");
    left_ -= floats;
  }

 private:
  std::int64_t left_ = kMostFloats;
};

// A fixed number of floats, all zero at first.
class Floats {
 public:
  Floats() = default;
  Floats(Budget& budget, std::int64_t size) : size_(size) {
    budget.take(size);
    const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(float);
    data_.reset(static_cast<float*>(::operator new(bytes, kAlignment)));
    std::memset(data_.get(), 0, bytes);
  }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }
  float& operator[](std::int64_t index) { return data_.get()[index]; }
  float operator[](std::int64_t index) const { return data_.get()[index]; }
  std::int64_t size() const { return size_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(float* data) const { ::operator delete(data, kAlignment); }
  };
  std::unique_ptr<float, Free> data_;
  std::int64_t size_ = 0;
};

}  // namespace wetprint::playing
