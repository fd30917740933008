// Feature-wise modulation that moves with time; see src/wetprint/blocks/temporal_film.py.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "playing/block.h"
#include "playing/cell.h"

namespace wetprint::playing {

class TemporalFilm {
 public:
  // `prefix` is where the weights are: "layers.0.film.", say. Throws ModelError.
  TemporalFilm(Plan& plan, const std::string& prefix, int width, int block_samples);

  // Takes the state that hearing each row's first value for ever leaves, and modulates those values.
  void settle(float* rows, std::ptrdiff_t stride, std::int64_t start_sample) noexcept;

  // Modulates rows of samples, `stride` apart.
  void process(float* rows, std::ptrdiff_t stride, int frames) noexcept;

 private:
  void modulate(float* rows, std::ptrdiff_t stride, int frames) const noexcept;
  void begin_block() noexcept;
  void step() noexcept;
  bool stands_still() noexcept;

  int width_, block_samples_;
  int heard_ = 0;  // samples of the present block
  Cell cell_;
  Floats most_;  // of the present block
  Floats moves_;  // scales less one, then shifts
  Floats before_;
};

}  // namespace wetprint::playing
