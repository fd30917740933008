#include "training/stack.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cpu/panels.h"

namespace wetprint {

namespace {

// Batches smaller than this are cut in time, so that every core has something to do.
constexpr int kFewestPieces = 8;

// A part of an item computes its context anew; it is made long enough for that to cost little.
constexpr std::ptrdiff_t kContextsInPiece = 8;
constexpr std::ptrdiff_t kShortestPiece = 8192;

Piece piece_at(const StackShape& shape, int item, std::ptrdiff_t first, std::ptrdiff_t wanted) {
  Piece piece{.item = item, .first = first, .wanted = wanted, .remaining = 0, .end = 0, .start = {}};
  std::vector<std::ptrdiff_t> lengths{rounded_up(wanted)};  // from the last hidden to the first
  for (int layer = shape.layers() - 1; layer >= 0; --layer) {
    lengths.push_back(rounded_up(lengths.back() + shape.reach(layer)));
  }
  piece.end = lengths.back();
  for (auto length = lengths.rbegin(); length != lengths.rend(); ++length) {
    piece.start.push_back(piece.end - *length);
  }
  return piece;
}

// Calls visit(output, input, position) for every entry of a packed matrix in its order.
template <typename Visit>
void each_packed(int outputs, int inputs, Visit visit) {
  std::size_t position = 0;
  for (int panel = 0, first = 0; panel < parts_of(outputs, kPanelRows); ++panel) {
    const int rows = size_of_part(outputs, kPanelRows, panel);
    for (int input = 0; input < inputs; ++input) {
      for (int row = 0; row < rows; ++row) visit(first + row, input, position++);
    }
    first += rows;
  }
}

// The place of a layer's weight from input row `input` (tap by tap, then the condition) to `filter`.
std::size_t conv_place(const StackShape& shape, const WeightLayout::Layer& layer, int filter, int input) {
  const int taps = shape.kernel_size * shape.width;
  if (input >= taps) {
    return layer.mixin + static_cast<std::size_t>(filter * shape.conditions + input - taps);
  }
  const int tap = input / shape.width, channel = input % shape.width;
  return layer.conv + static_cast<std::size_t>((filter * shape.width + channel) * shape.kernel_size + tap);
}

// Calls visit(first place in the packing, outputs, inputs, place of (output, input) in the weights).
template <typename Visit>
void each_matrix(const StackShape& shape, const WeightLayout& layout, Visit visit) {
  const auto plain = [](std::size_t at, int inputs) {
    return [=](int output, int input) { return at + static_cast<std::size_t>(output * inputs + input); };
  };
  visit(layout.lift, shape.width, shape.inputs, plain(layout.lift, shape.inputs));
  for (const WeightLayout::Layer& layer : layout.layers) {
    visit(layer.conv, shape.filters(), shape.heard(),
          [&](int output, int input) { return conv_place(shape, layer, output, input); });
    visit(layer.residual, shape.width, shape.width, plain(layer.residual, shape.width));
  }
  visit(layout.mix_down, shape.outputs, shape.width, plain(layout.mix_down, shape.width));
}

// The same for the matrices of the way back, where a layer's filters are the inputs, tap by tap.
template <typename Visit>
void each_transposed(const StackShape& shape, const WeightLayout& layout, Visit visit) {
  const auto plain = [](std::size_t at, int outputs) {
    return [=](int output, int input) { return at + static_cast<std::size_t>(input * outputs + output); };
  };
  const int filters = shape.filters();
  visit(layout.lift, shape.inputs, shape.width, plain(layout.lift, shape.inputs));
  for (const WeightLayout::Layer& layer : layout.layers) {
    visit(layer.conv, shape.width, shape.kernel_size * filters, [&, filters](int channel, int input) {
      return conv_place(shape, layer, input % filters, input / filters * shape.width + channel);
    });
    visit(layer.mixin, shape.conditions, filters, plain(layer.mixin, shape.conditions));
    visit(layer.residual, shape.width, shape.width, plain(layer.residual, shape.width));
  }
  visit(layout.mix_down, shape.width, shape.outputs, plain(layout.mix_down, shape.width));
}

std::ptrdiff_t sample_at(const Piece& piece, const Signal& signal, std::ptrdiff_t time) {
  return time - piece.end + signal.samples - piece.remaining;
}

}  // namespace

std::ptrdiff_t StackShape::context() const {
  std::ptrdiff_t total = 0;
  for (int layer = 0; layer < layers(); ++layer) total += reach(layer);
  return total;
}

WeightLayout::WeightLayout(const StackShape& shape) {
  std::size_t next = 0;
  const auto take = [&next](int entries) { return std::exchange(next, next + static_cast<std::size_t>(entries)); };
  const int width = shape.width, filters = shape.filters();
  lift = take(width * shape.inputs);
  lift_bias = take(width);
  for (int layer = 0; layer < shape.layers(); ++layer) {
    Layer places{};
    places.conv = take(filters * width * shape.kernel_size);
    places.mixin = take(filters * shape.conditions);
    places.conv_bias = take(filters);
    places.residual = take(width * width);
    places.residual_bias = take(width);
    layers.push_back(places);
  }
  mix_down = take(shape.outputs * width);
  mix_down_bias = take(shape.outputs);
  count = next;
}

Stack::Stack(StackShape shape) : shape_(std::move(shape)), layout_(shape_) {}

std::vector<Piece> pieces_of(const StackShape& shape, int batch, std::ptrdiff_t wanted, bool keep) {
  const std::ptrdiff_t shortest = std::max(kShortestPiece, kContextsInPiece * shape.context());
  std::ptrdiff_t length = wanted;
  if (!keep) length = shortest;
  if (keep && batch < kFewestPieces) length = std::max(shortest, wanted * batch / kFewestPieces);
  std::vector<Piece> pieces;
  for (int item = 0; item < batch; ++item) {
    for (std::ptrdiff_t first = 0; first < wanted; first += length) {
      pieces.push_back(piece_at(shape, item, first, std::min(length, wanted - first)));
      pieces.back().remaining = wanted - first - pieces.back().wanted;
    }
  }
  return pieces;
}

std::vector<float> packed_weights(const StackShape& shape, const WeightLayout& layout, const float* weights) {
  std::vector<float> packed(layout.count);
  each_matrix(shape, layout, [&](std::size_t at, int outputs, int inputs, auto place) {
    each_packed(outputs, inputs, [&](int output, int input, std::size_t position) {
      packed[at + position] = weights[place(output, input)];
    });
  });
  return packed;
}

std::vector<float> packed_transposed(const StackShape& shape, const WeightLayout& layout,
                                     const float* weights) {
  std::vector<float> packed(layout.count);
  each_transposed(shape, layout, [&](std::size_t at, int outputs, int inputs, auto place) {
    each_packed(outputs, inputs, [&](int output, int input, std::size_t position) {
      packed[at + position] = weights[place(output, input)];
    });
  });
  return packed;
}

void add_unpacked(const StackShape& shape, const WeightLayout& layout, const float* packed, float* flat) {
  each_matrix(shape, layout, [&](std::size_t at, int outputs, int inputs, auto place) {
    each_packed(outputs, inputs, [&](int output, int input, std::size_t position) {
      flat[place(output, input)] += packed[at + position];
    });
  });
  const auto add_plain = [&](std::size_t at, int entries) {
    for (std::size_t entry = at; entry < at + static_cast<std::size_t>(entries); ++entry) flat[entry] += packed[entry];
  };
  add_plain(layout.lift_bias, shape.width);
  for (const WeightLayout::Layer& layer : layout.layers) {
    add_plain(layer.conv_bias, shape.filters());
    add_plain(layer.residual_bias, shape.width);
  }
  add_plain(layout.mix_down_bias, shape.outputs);
}

void fetch(const Piece& piece, const Signal& signal, std::ptrdiff_t first, std::ptrdiff_t last,
           std::ptrdiff_t valid_from, Rows to) {
  const std::ptrdiff_t earliest = first - sample_at(piece, signal, first);  // time of sample 0
  const std::ptrdiff_t begin = std::clamp(std::max(valid_from, earliest), first, last);
  for (std::ptrdiff_t channel = 0; channel < signal.channels; ++channel) {
    float* row = to.row(channel);
    std::fill(row, row + (begin - first), 0.0f);
    const float* source = signal.row(piece.item, channel) + sample_at(piece, signal, begin);
    if (last > begin) std::memcpy(row + (begin - first), source, static_cast<std::size_t>(last - begin) * sizeof(float));
  }
}

void store(const Piece& piece, const Signal& signal, std::ptrdiff_t first, std::ptrdiff_t last, Rows from) {
  const std::ptrdiff_t begin = std::max(first, piece.first_wanted());
  if (begin >= last) return;
  for (std::ptrdiff_t channel = 0; channel < signal.channels; ++channel) {
    float* to = signal.row(piece.item, channel) + sample_at(piece, signal, begin);
    std::memcpy(to, from.row(channel) + (begin - first), static_cast<std::size_t>(last - begin) * sizeof(float));
  }
}

void add(const Piece& piece, const Signal& signal, const Track& from) {
  const std::ptrdiff_t earliest = from.start - sample_at(piece, signal, from.start);
  const std::ptrdiff_t begin = std::max(from.start, earliest);
  for (std::ptrdiff_t channel = 0; channel < signal.channels; ++channel) {
    float* to = signal.row(piece.item, channel) + sample_at(piece, signal, begin);
    const float* source = from.from(begin).row(channel);
    for (std::ptrdiff_t t = 0; t < piece.end - begin; ++t) to[t] += source[t];
  }
}

void push_rows(std::vector<const float*>& inputs, const Track& track, std::ptrdiff_t time) {
  const Rows rows = track.from(time);
  for (int channel = 0; channel < track.channels; ++channel) inputs.push_back(rows.row(channel));
}

void push_taps(std::vector<const float*>& inputs, const Track& track, std::ptrdiff_t time, int taps,
               std::ptrdiff_t step) {
  for (int tap = 0; tap < taps; ++tap, time += step) push_rows(inputs, track, time);
}

}  // namespace wetprint
