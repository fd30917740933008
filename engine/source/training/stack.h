// A stack of dilated convolutions, forward and backward: WaveNet's layers (van den Oord et al. 2016,
// arXiv:1609.03499) in the feed-forward form of Rethage et al. 2018 (arXiv:1706.07162).
//
//   hidden_0 = lift audio
//   heard_l  = conv_l hidden_l + mixin_l condition          dilated, causal, without padding
//   active_l = nonlinearity heard_l
//   hidden_l+1 = hidden_l + residual_l active_l
//   wet      = mix_down (hidden_last, or head_input + sum of all active_l)
//
// Time: everything ends together, and each layer starts where its own past is complete. A piece of
// work (one item of the batch, or a part of a long one) has a time axis whose end is a multiple of
// kSampleQuantum; the starts are rounded down to one, so that every row begins at a vector, and what
// is computed too much there meets a gradient of exactly zero on its way back.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "cpu/kernels.h"
#include "training/track.h"
#include "training/workspace.h"

namespace wetprint {

struct StackShape {
  int inputs = 1;      // channels of audio
  int conditions = 0;  // channels that every layer hears beside the layer before it
  int width = 1;
  int outputs = 1;
  int kernel_size = 2;
  std::vector<int> dilations;
  Activation activation = Activation::tanh;
  bool accumulate = false;   // mix down the sum of all layers' results instead of the last hidden
  bool last_hidden = false;  // return the last hidden too

  int layers() const { return static_cast<int>(dilations.size()); }
  int filters() const { return rows_of(activation) * width; }
  int heard() const { return kernel_size * width + conditions; }  // inputs of one layer's filters
  std::ptrdiff_t reach(int layer) const {
    return static_cast<std::ptrdiff_t>(kernel_size - 1) * dilations[static_cast<std::size_t>(layer)];
  }
  std::ptrdiff_t context() const;
  bool residual_needed(int layer) const { return layer + 1 < layers() || !accumulate || last_hidden; }
  bool keeps_last_hidden() const { return !accumulate || last_hidden; }
};

// Where each parameter lies in the flat vector of weights, and in that of their gradients. Per layer:
// conv (filters, width, kernel_size), mixin (filters, conditions), their bias, residual, its bias.
struct WeightLayout {
  explicit WeightLayout(const StackShape& shape);

  struct Layer {
    std::size_t conv, mixin, conv_bias, residual, residual_bias;
  };
  std::size_t lift, lift_bias;
  std::vector<Layer> layers;
  std::size_t mix_down, mix_down_bias, count;
};

// Audio-like tensors, (batch, channels, samples), contiguous. All of them end at the same moment.
struct Signal {
  float* at = nullptr;
  std::ptrdiff_t channels = 0, samples = 0;

  float* row(std::ptrdiff_t item, std::ptrdiff_t channel) const {
    return at + (item * channels + channel) * samples;
  }
};

// What a call works on; an absent signal has a null address. Backward takes the gradients to the
// outputs here and leaves those to the inputs, where they are wanted.
struct StackSignals {
  Signal audio, condition, head_input, wet, last_hidden;
};

// One item of the batch or a part of it, and the time axis that it is worked on in.
struct Piece {
  int item = 0;
  std::ptrdiff_t first = 0;      // which wanted sample of the item comes first
  std::ptrdiff_t wanted = 0;     // how many
  std::ptrdiff_t remaining = 0;  // how many wanted samples of the item follow
  std::ptrdiff_t end = 0;        // of the time axis
  std::vector<std::ptrdiff_t> start;  // of hidden_0 to hidden_last

  std::ptrdiff_t first_wanted() const { return end - wanted; }
};

// What one piece leaves for its backward.
struct PieceTracks {
  Track audio, condition, head;
  std::vector<Track> hidden, active;
};

class Saved;

class Stack {
 public:
  explicit Stack(StackShape shape);

  const StackShape& shape() const { return shape_; }
  const WeightLayout& layout() const { return layout_; }

  // Fills signals.wet and, where asked for, signals.last_hidden. Returns what backward needs, or
  // null where `keep` is false.
  std::unique_ptr<Saved> forward(const Kernels& kernels, const float* weights, const StackSignals& signals,
                                 int batch, bool keep, int threads) const;

  // Adds to the gradients, which must come in as zeros. May be called again with the same `saved`.
  void backward(const Kernels& kernels, const float* weights, const Saved& saved,
                const StackSignals& gradients, float* weight_gradients, int threads) const;

 private:
  StackShape shape_;
  WeightLayout layout_;
};

class Saved {
 public:
  Saved(std::vector<Piece> pieces_in, std::size_t floats)
      : pieces(std::move(pieces_in)), memory(floats) {}

  std::vector<Piece> pieces;
  std::vector<PieceTracks> tracks;  // one a piece
  Workspace memory;
};

// Cuts the batch into pieces, in a way that depends on nothing but the shapes, so that the order
// of every sum is the same however many threads there are.
std::vector<Piece> pieces_of(const StackShape& shape, int batch, std::ptrdiff_t wanted, bool keep);

// Weights as `combine` wants them. The transposed ones, for the way back, lie at the same places.
std::vector<float> packed_weights(const StackShape& shape, const WeightLayout& layout, const float* weights);
std::vector<float> packed_transposed(const StackShape& shape, const WeightLayout& layout,
                                     const float* weights);

// Adds gradients that `correlate` left packed to gradients in the order of the weights.
void add_unpacked(const StackShape& shape, const WeightLayout& layout, const float* packed, float* flat);

// Copies [first, last) of the time axis between a signal and a track; what lies before `valid_from`
// or before the signal's first sample is silence. `store` leaves that alone, `add` adds.
void fetch(const Piece& piece, const Signal& signal, std::ptrdiff_t first, std::ptrdiff_t last,
           std::ptrdiff_t valid_from, Rows to);
void store(const Piece& piece, const Signal& signal, std::ptrdiff_t first, std::ptrdiff_t last, Rows from);
void add(const Piece& piece, const Signal& signal, const Track& from);

// The rows that one layer's filters hear at `time`: every tap of every channel, then the condition.
void push_rows(std::vector<const float*>& inputs, const Track& track, std::ptrdiff_t time);
void push_taps(std::vector<const float*>& inputs, const Track& track, std::ptrdiff_t time, int taps,
               std::ptrdiff_t step);

}  // namespace wetprint
