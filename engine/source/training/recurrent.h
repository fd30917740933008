// LSTM and GRU over long sequences, forward and backward through time.
//
// kSampleQuantum items of the batch run side by side, as the samples of one moment: vectors run
// along the batch, and each step is the same weighted sum of rows as a layer of convolutions.
#pragma once

#include <cstddef>
#include <memory>

#include "cpu/kernels.h"
#include "training/workspace.h"

namespace wetprint {

enum class CellKind : int { lstm = 0, gru = 1 };

struct CellShape {
  CellKind kind = CellKind::lstm;
  int inputs = 1, width = 1, batch = 1;
  std::ptrdiff_t samples = 1;

  int gates() const { return 4 * width; }
  int heard() const { return width + inputs; }  // what the matrix hears: the past, then the input
  std::ptrdiff_t groups() const { return (batch + kSampleQuantum - 1) / kSampleQuantum; }
};

// Weights (gates, heard) and (gates); signals (batch, channels, samples); states (batch, width).
// Backward's copy of this has the gradients, to the outputs as inputs and to the inputs as outputs;
// null where none came or none is wanted. Weights' gradients are added, the others written.
struct CellData {
  float* matrix = nullptr;
  float* bias = nullptr;
  float* audio = nullptr;
  float* first_hidden = nullptr;
  float* first_cell = nullptr;
  float* hidden = nullptr;
  float* last_cell = nullptr;
};

struct SavedCells {
  SavedCells(const CellShape& shape_in, std::size_t floats) : shape(shape_in), memory(floats) {}

  CellShape shape;
  Workspace memory;
};

std::unique_ptr<SavedCells> run_cells(const Kernels& kernels, const CellShape& shape, const CellData& data,
                                      bool keep, int threads);

void run_cells_backward(const Kernels& kernels, const SavedCells& saved, const CellData& data,
                        const CellData& gradients, int threads);

}  // namespace wetprint
