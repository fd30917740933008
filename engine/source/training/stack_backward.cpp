#include <algorithm>

#include "training/stack.h"
#include "training/threads.h"

namespace wetprint {

namespace {

// What is worked on between two layers, for one tile.
struct BackwardTiles {
  BackwardTiles() = default;
  BackwardTiles(const StackShape& shape, TrackMaker& maker)
      : hidden(maker.make(shape.width, 0, kTile)), head(maker.make(shape.width, 0, kTile)),
        active(maker.make(shape.width, 0, kTile)), gated(maker.make(shape.width, 0, kTile)),
        wet(maker.make(shape.outputs, 0, kTile)) {
    for (int layer = 0; layer < shape.layers(); ++layer) {
      const std::ptrdiff_t history = rounded_up(shape.reach(layer));
      heard.push_back(maker.make(shape.filters(), 0, window_for(history), history));
    }
  }

  void start_at(std::ptrdiff_t time) {
    for (Track* tile : {&hidden, &head, &active, &gated, &wet}) tile->start = time;
  }

  Track hidden, head, active, gated, wet;
  std::vector<Track> heard;  // windows that reach ahead, one a layer
};

std::size_t scratch_floats(const StackShape& shape) {
  TrackMaker counter(nullptr);
  const BackwardTiles counted(shape, counter);
  return counter.used();
}

// The way back through one piece, tile by tile from its end to its beginning, each tile through all
// layers, so that the gradient to the hidden signals stays in the first cache. What a layer's
// filters heard is needed as far ahead as they reach; that is kept in a window for each layer.
class BackwardPiece {
 public:
  BackwardPiece(const Stack& stack, const Kernels& kernels, const float* transposed,
                const StackSignals& gradients, const Piece& piece, const PieceTracks& tracks,
                float* sums, float* scratch)
      : shape_(stack.shape()), layout_(stack.layout()), kernels_(kernels), transposed_(transposed),
        gradients_(gradients), piece_(piece), tracks_(tracks), sums_(sums) {
    TrackMaker maker(scratch);
    tiles_ = BackwardTiles(shape_, maker);
  }

  void run(Track& audio_gradient, Track& condition_gradient) {
    audio_ = &audio_gradient;
    condition_ = &condition_gradient;
    for (int layer = 0; layer < shape_.layers(); ++layer) {
      Track& window = tiles_.heard[static_cast<std::size_t>(layer)];
      window.start = piece_.end + window.history - window.capacity;
      window.clear(piece_.end, piece_.end + window.history);
    }
    condition_->clear(condition_->start, condition_->start + condition_->capacity);
    for (std::ptrdiff_t end = piece_.end; end > 0; end -= kTile) {
      run_tile(std::max<std::ptrdiff_t>(end - kTile, 0), end);
    }
  }

 private:
  void run_tile(std::ptrdiff_t start, std::ptrdiff_t end) {
    tiles_.start_at(start);
    tiles_.hidden.clear(start, end);
    if (shape_.accumulate) tiles_.head.clear(start, end);
    const std::ptrdiff_t scored = std::max(start, piece_.start.back());
    if (scored < end) mix_down(scored, end);
    for (int layer = shape_.layers() - 1; layer >= 0; --layer) {
      if (piece_.start[static_cast<std::size_t>(layer)] < end) run_layer(layer, start, end);
    }
    lift(start, end);
  }

  void mix_down(std::ptrdiff_t start, std::ptrdiff_t end) {
    const std::ptrdiff_t valid = piece_.first_wanted();
    if (gradients_.last_hidden.at) {
      fetch(piece_, gradients_.last_hidden, start, end, valid, tiles_.hidden.from(start));
    }
    if (!gradients_.wet.at) return;
    fetch(piece_, gradients_.wet, start, end, valid, tiles_.wet.from(start));
    const Track& mixed = shape_.accumulate ? tracks_.head : tracks_.hidden.back();
    correlate(tiles_.wet, start, end, layout_.mix_down, layout_.mix_down_bias, [&] { push_rows(inputs_, mixed, start); });
    const Rows to = (shape_.accumulate ? tiles_.head : tiles_.hidden).from(start);
    inputs_.clear();
    push_rows(inputs_, tiles_.wet, start);
    combine(layout_.mix_down, to, to, shape_.width, end - start);
    if (shape_.accumulate && gradients_.head_input.at) {
      store(piece_, gradients_.head_input, start, end, to);
    }
  }

  void run_layer(int layer, std::ptrdiff_t tile_start, std::ptrdiff_t end) {
    const auto index = static_cast<std::size_t>(layer);
    const WeightLayout::Layer& places = layout_.layers[index];
    Track& heard = tiles_.heard[index];
    const std::ptrdiff_t first = std::max(tile_start, piece_.start[index]);
    const std::ptrdiff_t start = std::clamp(piece_.start[index + 1], tile_start, end);
    heard.retreat(tile_start, end);
    heard.clear(first, start);  // nothing was heard before the layer's own start
    if (start < end) through_nonlinearity(layer, start, end);
    inputs_.clear();
    push_taps(inputs_, heard, first + shape_.reach(layer), shape_.kernel_size, -shape_.dilations[index]);
    combine(places.conv, tiles_.hidden.from(first), tiles_.hidden.from(first), shape_.width, end - first);
  }

  void through_nonlinearity(int layer, std::ptrdiff_t start, std::ptrdiff_t end) {
    const auto index = static_cast<std::size_t>(layer);
    const WeightLayout::Layer& places = layout_.layers[index];
    const Track& saved = tracks_.active[index];
    const Track& heard = tiles_.heard[index];
    Rows slope = tiles_.head.from(start);
    if (shape_.residual_needed(layer)) {
      correlate(tiles_.hidden, start, end, places.residual, places.residual_bias,
                [&] { push_active(saved, start, end); });
      inputs_.clear();
      push_rows(inputs_, tiles_.hidden, start);
      slope = tiles_.active.from(start);
      combine(places.residual, shape_.accumulate ? tiles_.head.from(start) : Rows{}, slope, shape_.width, end - start);
    }
    kernels_.activate_backward(shape_.activation, saved.from(start), slope, heard.from(start),
                               shape_.width, end - start);
    correlate(heard, start, end, places.conv, places.conv_bias, [&] {
      push_taps(inputs_, tracks_.hidden[index], start - shape_.reach(layer), shape_.kernel_size,
                shape_.dilations[index]);
      if (shape_.conditions) push_rows(inputs_, tracks_.condition, start);
    });
    if (shape_.conditions && gradients_.condition.at) {
      inputs_.clear();
      push_rows(inputs_, heard, start);
      const Rows to = condition_->from(start);
      combine(places.mixin, to, to, shape_.conditions, end - start);
    }
  }

  // What the nonlinearity returned; the gated one keeps its factors.
  void push_active(const Track& saved, std::ptrdiff_t start, std::ptrdiff_t end) {
    if (shape_.activation != Activation::gated) return push_rows(inputs_, saved, start);
    for (int row = 0; row < shape_.width; ++row) {
      const float* signal = saved.from(start).row(row);
      const float* gate = saved.from(start).row(row + shape_.width);
      float* product = tiles_.gated.from(start).row(row);
      for (std::ptrdiff_t t = 0; t < end - start; ++t) product[t] = signal[t] * gate[t];
    }
    push_rows(inputs_, tiles_.gated, start);
  }

  void lift(std::ptrdiff_t start, std::ptrdiff_t end) {
    correlate(tiles_.hidden, start, end, layout_.lift, layout_.lift_bias, [&] { push_rows(inputs_, tracks_.audio, start); });
    if (!gradients_.audio.at) return;
    inputs_.clear();
    push_rows(inputs_, tiles_.hidden, start);
    combine(layout_.lift, {}, audio_->from(start), shape_.inputs, end - start);
  }

  // The gradients of a matrix and its bias, from that to its outputs and from what it heard.
  template <typename PushInputs>
  void correlate(const Track& gradient, std::ptrdiff_t start, std::ptrdiff_t end, std::size_t matrix,
                 std::size_t bias, PushInputs push_inputs) {
    inputs_.clear();
    push_inputs();
    const Rows rows = gradient.from(start);
    kernels_.correlate(rows, gradient.channels, inputs_.data(), static_cast<int>(inputs_.size()),
                       end - start, sums_ + matrix);
    kernels_.sum_rows(rows, gradient.channels, end - start, sums_ + bias);
  }

  void combine(std::size_t matrix, Rows initial, Rows out, int outputs, std::ptrdiff_t samples) {
    kernels_.combine(inputs_.data(), static_cast<int>(inputs_.size()), transposed_ + matrix, nullptr,
                     initial, out, outputs, samples);
  }

  const StackShape& shape_;
  const WeightLayout& layout_;
  const Kernels& kernels_;
  const float* transposed_;
  const StackSignals& gradients_;
  const Piece& piece_;
  const PieceTracks& tracks_;
  float* sums_;
  BackwardTiles tiles_;
  Track* audio_ = nullptr;
  Track* condition_ = nullptr;
  std::vector<const float*> inputs_;
};

}  // namespace

void Stack::backward(const Kernels& kernels, const float* weights, const Saved& saved,
                     const StackSignals& gradients, float* weight_gradients, int threads) const {
  const std::size_t pieces = saved.pieces.size();
  const std::vector<float> transposed = packed_transposed(shape_, layout_, weights);
  const int workers = std::max(1, std::min(threads, static_cast<int>(pieces)));
  const std::size_t each = scratch_floats(shape_);
  const Workspace scratch(each * static_cast<std::size_t>(workers));
  std::vector<float> sums(pieces * layout_.count);  // one set a piece, added in their order
  std::vector<Track> audio, condition;
  const auto make_input_gradients = [&](TrackMaker maker) {
    audio.clear();
    condition.clear();
    for (const Piece& piece : saved.pieces) {
      audio.push_back(maker.make(gradients.audio.at ? shape_.inputs : 0, 0, piece.end));
      const std::ptrdiff_t start = piece.start[1];
      condition.push_back(maker.make(gradients.condition.at ? shape_.conditions : 0, start, piece.end - start));
    }
    return maker.used();
  };
  const Workspace input_gradients(make_input_gradients(TrackMaker(nullptr)));
  make_input_gradients(TrackMaker(input_gradients.data()));
  in_parallel(static_cast<int>(pieces), workers, [&](int task, int worker) {
    const auto index = static_cast<std::size_t>(task);
    BackwardPiece(*this, kernels, transposed.data(), gradients, saved.pieces[index], saved.tracks[index],
                  sums.data() + index * layout_.count, scratch.data() + each * static_cast<std::size_t>(worker))
        .run(audio[index], condition[index]);
  });
  for (std::size_t index = 0; index < pieces; ++index) {
    add_unpacked(shape_, layout_, sums.data() + index * layout_.count, weight_gradients);
    if (gradients.audio.at) add(saved.pieces[index], gradients.audio, audio[index]);
    if (gradients.condition.at) add(saved.pieces[index], gradients.condition, condition[index]);
  }
}

}  // namespace wetprint
