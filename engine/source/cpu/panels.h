// How a matrix is cut into panels of rows: the shape that weights are packed in for `combine`, and
// that `correlate` returns gradients in. Level-independent, so that any level reads any packing.
#pragma once

namespace wetprint {

// Rows of outputs that one microkernel holds in registers.
constexpr int kPanelRows = 4;

// Evenly cut `count` into parts of at most `most`: 9 becomes 3 + 3 + 3, not 4 + 4 + 1, because a
// thin panel leaves the multipliers waiting. Returns the size of part `index`.
static constexpr int parts_of(int count, int most) { return (count + most - 1) / most; }
static constexpr int size_of_part(int count, int most, int index) {
  const int parts = parts_of(count, most);
  return count / parts + (index < count % parts ? 1 : 0);
}

}  // namespace wetprint
