#include <algorithm>

#include "training/stack.h"
#include "training/threads.h"

namespace wetprint {

namespace {

// Places for everything that the forward of a piece writes: all of it where backward will follow,
// otherwise windows just long enough for the layers' reach, which one piece after the other uses.
PieceTracks make_tracks(const StackShape& shape, const Piece& piece, bool keep, TrackMaker& maker) {
  const auto track = [&](int channels, std::ptrdiff_t start, std::ptrdiff_t history) {
    const std::ptrdiff_t whole = piece.end - start;
    const std::ptrdiff_t length = keep ? whole : std::min(whole, window_for(history));
    return maker.make(channels, start, length, history);
  };
  PieceTracks tracks;
  tracks.audio = track(shape.inputs, piece.start[0], 0);
  tracks.condition = track(shape.conditions, piece.start[1], 0);
  for (int layer = 0; layer < shape.layers(); ++layer) {
    const auto index = static_cast<std::size_t>(layer);
    tracks.hidden.push_back(track(shape.width, piece.start[index], rounded_up(shape.reach(layer))));
    tracks.active.push_back(track(shape.filters(), piece.start[index + 1], 0));
  }
  if (shape.keeps_last_hidden()) tracks.hidden.push_back(track(shape.width, piece.start.back(), 0));
  if (shape.accumulate) tracks.head = track(shape.width, piece.start.back(), 0);
  return tracks;
}

class ForwardPiece {
 public:
  ForwardPiece(const Stack& stack, const Kernels& kernels, const float* weights, const float* packed,
               const StackSignals& signals, const Piece& piece, PieceTracks& tracks, float* scratch)
      : shape_(stack.shape()), layout_(stack.layout()), kernels_(kernels), weights_(weights),
        packed_(packed), signals_(signals), piece_(piece), tracks_(tracks) {
    TrackMaker maker(scratch);
    gated_ = maker.make(shape_.width, 0, kTile);
    wet_ = maker.make(shape_.outputs, 0, kTile);
  }

  static std::size_t scratch_floats(const StackShape& shape) {
    TrackMaker maker(nullptr);
    maker.make(shape.width + shape.outputs, 0, kTile);
    return maker.used();
  }

  void run() {
    const std::ptrdiff_t tiles = (piece_.end + kTile - 1) / kTile;  // all end with the time axis
    for (std::ptrdiff_t tile = tiles; tile > 0; --tile) {
      const std::ptrdiff_t start = piece_.end - tile * kTile;
      run_tile(std::max<std::ptrdiff_t>(start, 0), start + kTile);
    }
  }

 private:
  void run_tile(std::ptrdiff_t start, std::ptrdiff_t end) {
    lift(start, end);
    const std::ptrdiff_t scored = std::max(start, piece_.start.back());
    if (shape_.conditions && piece_.start[1] < end) {
      const std::ptrdiff_t first = std::max(start, piece_.start[1]);
      tracks_.condition.advance(first, end);
      fetch(piece_, signals_.condition, first, end, first, tracks_.condition.from(first));
    }
    if (shape_.accumulate && scored < end) start_head(scored, end);
    for (int layer = 0; layer < shape_.layers(); ++layer) {
      const std::ptrdiff_t first = std::max(start, piece_.start[static_cast<std::size_t>(layer) + 1]);
      if (first < end) run_layer(layer, first, scored, end);
    }
    if (scored < end) mix_down(scored, end);
  }

  void lift(std::ptrdiff_t start, std::ptrdiff_t end) {
    Track& hidden = tracks_.hidden[0];
    tracks_.audio.advance(start, end);
    hidden.advance(start, end);
    fetch(piece_, signals_.audio, start, end, start, tracks_.audio.from(start));
    inputs_.clear();
    push_rows(inputs_, tracks_.audio, start);
    combine(layout_.lift, layout_.lift_bias, {}, hidden.from(start), shape_.width, end - start);
  }

  void start_head(std::ptrdiff_t start, std::ptrdiff_t end) {
    tracks_.head.advance(start, end);
    if (!signals_.head_input.at) return tracks_.head.clear(start, end);
    fetch(piece_, signals_.head_input, start, end, piece_.first_wanted(), tracks_.head.from(start));
  }

  void run_layer(int layer, std::ptrdiff_t start, std::ptrdiff_t scored, std::ptrdiff_t end) {
    const auto index = static_cast<std::size_t>(layer);
    const WeightLayout::Layer& places = layout_.layers[index];
    const Track& hidden = tracks_.hidden[index];
    Track& saved = tracks_.active[index];
    saved.advance(start, end);
    inputs_.clear();
    push_taps(inputs_, hidden, start - shape_.reach(layer), shape_.kernel_size,
              shape_.dilations[index]);
    if (shape_.conditions) push_rows(inputs_, tracks_.condition, start);
    combine(places.conv, places.conv_bias, {}, saved.from(start), shape_.filters(), end - start);

    const bool gated = shape_.activation == Activation::gated;
    const Rows active = gated ? gated_.rows : saved.from(start);
    // the head begins later than the layer, and in the same tile only once
    const std::ptrdiff_t unscored = shape_.accumulate ? std::clamp(scored - start, std::ptrdiff_t{0}, end - start) : end - start;
    activate(saved, active, {}, start, start, start + unscored);
    if (shape_.accumulate) activate(saved, active, tracks_.head, start, start + unscored, end);
    if (!shape_.residual_needed(layer)) return;
    Track& next = tracks_.hidden[index + 1];
    next.advance(start, end);
    inputs_.clear();
    for (int row = 0; row < shape_.width; ++row) inputs_.push_back(active.row(row));
    combine(places.residual, places.residual_bias, hidden.from(start), next.from(start), shape_.width,
            end - start);
  }

  // `active` begins at `start`; what lies from `first` to `last` is worked on.
  void activate(const Track& saved, Rows active, const Track& head, std::ptrdiff_t start,
                std::ptrdiff_t first, std::ptrdiff_t last) {
    if (first >= last) return;
    kernels_.activate(shape_.activation, saved.from(first), active.from(first - start),
                      head.rows.at ? head.from(first) : Rows{}, shape_.width, last - first);
  }

  void mix_down(std::ptrdiff_t start, std::ptrdiff_t end) {
    const Track& mixed = shape_.accumulate ? tracks_.head : tracks_.hidden.back();
    inputs_.clear();
    push_rows(inputs_, mixed, start);
    combine(layout_.mix_down, layout_.mix_down_bias, {}, wet_.rows, shape_.outputs, end - start);
    store(piece_, signals_.wet, start, end, wet_.rows);
    if (shape_.last_hidden) {
      store(piece_, signals_.last_hidden, start, end, tracks_.hidden.back().from(start));
    }
  }

  void combine(std::size_t matrix, std::size_t bias, Rows initial, Rows out, int outputs,
               std::ptrdiff_t samples) {
    kernels_.combine(inputs_.data(), static_cast<int>(inputs_.size()), packed_ + matrix,
                     weights_ + bias, initial, out, outputs, samples);
  }

  const StackShape& shape_;
  const WeightLayout& layout_;
  const Kernels& kernels_;
  const float* weights_;
  const float* packed_;
  const StackSignals& signals_;
  const Piece& piece_;
  PieceTracks& tracks_;
  Track gated_, wet_;
  std::vector<const float*> inputs_;
};

std::size_t floats_for(const StackShape& shape, const Piece& piece, bool keep) {
  TrackMaker counter(nullptr);
  make_tracks(shape, piece, keep, counter);
  return counter.used();
}

std::size_t floats_for_all(const StackShape& shape, const std::vector<Piece>& pieces) {
  std::size_t floats = 0;
  for (const Piece& piece : pieces) floats += floats_for(shape, piece, true);
  return floats;
}

}  // namespace

std::unique_ptr<Saved> Stack::forward(const Kernels& kernels, const float* weights,
                                      const StackSignals& signals, int batch, bool keep,
                                      int threads) const {
  std::vector<Piece> pieces = pieces_of(shape_, batch, signals.wet.samples, keep);
  const std::vector<float> packed = packed_weights(shape_, layout_, weights);
  const int workers = std::max(1, std::min(threads, static_cast<int>(pieces.size())));
  // a piece that nothing is kept of is worked on in its worker's own part of the scratch
  std::size_t each = ForwardPiece::scratch_floats(shape_);
  const std::size_t tracks_at = each;
  if (!keep) {
    std::size_t largest = 0;
    for (const Piece& piece : pieces) largest = std::max(largest, floats_for(shape_, piece, false));
    each += largest;
  }
  const Workspace scratch(each * static_cast<std::size_t>(workers));
  std::unique_ptr<Saved> saved;
  if (keep) {
    const std::size_t floats = floats_for_all(shape_, pieces);
    saved = std::make_unique<Saved>(pieces, floats);
    TrackMaker maker(saved->memory.data());
    for (const Piece& piece : pieces) saved->tracks.push_back(make_tracks(shape_, piece, true, maker));
  }
  in_parallel(static_cast<int>(pieces.size()), workers, [&](int task, int worker) {
    const Piece& piece = pieces[static_cast<std::size_t>(task)];
    float* own = scratch.data() + each * static_cast<std::size_t>(worker);
    PieceTracks passing;
    if (!keep) {
      TrackMaker maker(own + tracks_at);
      passing = make_tracks(shape_, piece, false, maker);
    }
    PieceTracks& tracks = keep ? saved->tracks[static_cast<std::size_t>(task)] : passing;
    ForwardPiece(*this, kernels, weights, packed.data(), signals, piece, tracks, own).run();
  });
  return saved;
}

}  // namespace wetprint
