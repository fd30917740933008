#include "training/recurrent.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "cpu/panels.h"
#include "training/threads.h"
#include "training/track.h"

namespace wetprint {

namespace {

constexpr std::ptrdiff_t kSide = kSampleQuantum;  // items side by side
constexpr std::ptrdiff_t kChunk = 32;             // steps between changes of layout

// The memory of one group of items: for the state before the first step, and for every step, a block
// of rows kSide long: input, gates, cell, hidden. Steps follow each other in memory.
struct Blocks {
  const CellShape& shape;
  float* at;

  static std::ptrdiff_t rows(const CellShape& shape) { return shape.inputs + 6 * shape.width; }
  static std::ptrdiff_t floats(const CellShape& shape, std::ptrdiff_t steps) { return rows(shape) * kSide * (steps + 1); }

  Rows part(std::ptrdiff_t step, std::ptrdiff_t row) const {
    return {at + ((step + 1) * rows(shape) + row) * kSide, kSide};
  }
  Rows input(std::ptrdiff_t step) const { return part(step, 0); }
  Rows gates(std::ptrdiff_t step) const { return part(step, shape.inputs); }
  Rows cell(std::ptrdiff_t step) const { return part(step, shape.inputs + 4 * shape.width); }
  Rows hidden(std::ptrdiff_t step) const { return part(step, shape.inputs + 5 * shape.width); }

  CellStep moment(std::ptrdiff_t step, std::ptrdiff_t before) const {
    return {gates(step), cell(before), cell(step), hidden(before), hidden(step)};
  }
};

int items_in(const CellShape& shape, std::ptrdiff_t group) {
  return static_cast<int>(std::min<std::ptrdiff_t>(kSide, shape.batch - group * kSide));
}

// Copies steps [first, last) of the group's items between (batch, channels, samples) and rows whose
// `step` lies `stride` floats after the one before; items that are not there are silent.
void gather(const CellShape& shape, std::ptrdiff_t group, const float* signal, int channels,
            std::ptrdiff_t first, std::ptrdiff_t last, Rows to, std::ptrdiff_t stride) {
  const int items = items_in(shape, group);
  for (int channel = 0; channel < channels; ++channel) {
    float* row = to.row(channel);
    for (std::ptrdiff_t item = 0; item < kSide; ++item) {
      const float* from = signal + ((group * kSide + item) * channels + channel) * shape.samples;
      for (std::ptrdiff_t t = first; t < last; ++t) row[(t - first) * stride + item] = item < items ? from[t] : 0.0f;
    }
  }
}

void scatter(const CellShape& shape, std::ptrdiff_t group, Rows from, std::ptrdiff_t stride, int channels,
             std::ptrdiff_t first, std::ptrdiff_t last, float* signal) {
  const int items = items_in(shape, group);
  for (int channel = 0; channel < channels; ++channel) {
    const float* row = from.row(channel);
    for (std::ptrdiff_t item = 0; item < items; ++item) {
      float* to = signal + ((group * kSide + item) * channels + channel) * shape.samples;
      for (std::ptrdiff_t t = first; t < last; ++t) to[t] = row[(t - first) * stride + item];
    }
  }
}

// The same for states, (batch, width); an absent one is zero.
void gather_state(const CellShape& shape, std::ptrdiff_t group, const float* state, Rows to) {
  const int items = items_in(shape, group);
  for (int row = 0; row < shape.width; ++row) {
    for (std::ptrdiff_t item = 0; item < kSide; ++item) {
      const bool there = state && item < items;
      to.row(row)[item] = there ? state[(group * kSide + item) * shape.width + row] : 0.0f;
    }
  }
}

void scatter_state(const CellShape& shape, std::ptrdiff_t group, Rows from, float* state) {
  if (!state) return;
  for (std::ptrdiff_t item = 0; item < items_in(shape, group); ++item) {
    for (int row = 0; row < shape.width; ++row) state[(group * kSide + item) * shape.width + row] = from.row(row)[item];
  }
}

void push(std::vector<const float*>& inputs, Rows rows, int count) {
  for (int row = 0; row < count; ++row) inputs.push_back(rows.row(row));
}

// Calls visit(output, input, position) in the packing of `combine`.
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

std::vector<float> packed(const float* matrix, int outputs, int inputs, int output_step, int input_step) {
  std::vector<float> result(static_cast<std::size_t>(outputs) * static_cast<std::size_t>(inputs));
  each_packed(outputs, inputs, [&](int output, int input, std::size_t position) {
    result[position] = matrix[output * output_step + input * input_step];
  });
  return result;
}

// Where nothing is kept, the blocks of two chunks are used in turn.
void run_group(const Kernels& kernels, const CellShape& shape, const CellData& data, const float* matrix,
               std::ptrdiff_t group, const Blocks& blocks, bool keep) {
  const auto step_kernel = shape.kind == CellKind::lstm ? kernels.lstm_step : kernels.gru_step;
  const std::ptrdiff_t stride = Blocks::rows(shape) * kSide;
  std::vector<const float*> inputs;
  gather_state(shape, group, data.first_hidden, blocks.hidden(-1));
  gather_state(shape, group, data.first_cell, blocks.cell(-1));
  for (std::ptrdiff_t first = 0; first < shape.samples; first += kChunk) {
    const std::ptrdiff_t last = std::min(first + kChunk, shape.samples), place = keep ? first : 0;
    gather(shape, group, data.audio, shape.inputs, first, last, blocks.input(place), stride);
    for (std::ptrdiff_t step = place; step < place + last - first; ++step) {
      inputs.clear();
      push(inputs, blocks.hidden(step - 1), shape.width);
      push(inputs, blocks.input(step), shape.inputs);
      kernels.combine(inputs.data(), shape.heard(), matrix, data.bias, {}, blocks.gates(step), shape.gates(), kSide);
      step_kernel(blocks.moment(step, step - 1), shape.width, kSide);
    }
    scatter(shape, group, blocks.hidden(place), stride, shape.width, first, last, data.hidden);
    const std::ptrdiff_t end = place + last - first - 1;
    if (last == shape.samples) scatter_state(shape, group, blocks.cell(end), data.last_cell);
    if (!keep) {  // what the next chunk begins with
      const std::size_t bytes = static_cast<std::size_t>(2 * shape.width * kSide) * sizeof(float);
      std::memcpy(blocks.cell(-1).at, blocks.cell(end).at, bytes);
    }
  }
}

// The way back through one group. Gradients to the gates are laid out so that a row holds a whole
// chunk, and what the matrix heard likewise, for the sums that are its gradient.
class GroupBackward {
 public:
  GroupBackward(const Kernels& kernels, const CellShape& shape, const CellData& gradients,
                const std::vector<float>& to_past, const std::vector<float>& to_input, const Blocks& blocks,
                float* sums, float* bias_sums, float* scratch)
      : kernels_(kernels), shape_(shape), gradients_(gradients), to_past_(to_past), to_input_(to_input),
        blocks_(blocks), sums_(sums), bias_sums_(bias_sums) {
    make(TrackMaker(scratch));
  }

  static std::size_t scratch_floats(const CellShape& shape) {
    TrackMaker maker(nullptr);
    maker.make(shape.gates() + shape.heard() + shape.inputs + shape.width, 0, kChunk * kSide);
    maker.make(2 * shape.width, 0, kSide);
    return maker.used();
  }

  void run(std::ptrdiff_t group) {
    for (int row = 0; row < shape_.width; ++row) std::memset(hidden_.row(row), 0, kSide * sizeof(float));
    gather_state(shape_, group, gradients_.last_cell, cell_);
    const std::ptrdiff_t chunks = (shape_.samples + kChunk - 1) / kChunk;
    for (std::ptrdiff_t chunk = chunks - 1; chunk >= 0; --chunk) {
      const std::ptrdiff_t first = chunk * kChunk;
      run_chunk(group, first, std::min(first + kChunk, shape_.samples));
    }
    scatter_state(shape_, group, hidden_, gradients_.first_hidden);
    scatter_state(shape_, group, cell_, gradients_.first_cell);
  }

 private:
  void make(TrackMaker maker) {
    gates_ = maker.make(shape_.gates(), 0, kChunk * kSide).rows;
    heard_ = maker.make(shape_.heard(), 0, kChunk * kSide).rows;
    audio_ = maker.make(shape_.inputs, 0, kChunk * kSide).rows;
    shown_ = maker.make(shape_.width, 0, kChunk * kSide).rows;
    hidden_ = maker.make(shape_.width, 0, kSide).rows;
    cell_ = maker.make(shape_.width, 0, kSide).rows;
  }

  void run_chunk(std::ptrdiff_t group, std::ptrdiff_t first, std::ptrdiff_t last) {
    const auto step_kernel =
        shape_.kind == CellKind::lstm ? kernels_.lstm_step_backward : kernels_.gru_step_backward;
    if (gradients_.hidden) gather(shape_, group, gradients_.hidden, shape_.width, first, last, shown_, kSide);
    for (std::ptrdiff_t step = last - 1; step >= first; --step) {
      const std::ptrdiff_t column = (step - first) * kSide;
      if (gradients_.hidden) add_shown(column);
      const Rows gates = gates_.from(column);
      step_kernel(blocks_.moment(step, step - 1), {gates, cell_, hidden_}, shape_.width, kSide);
      inputs_.clear();
      push(inputs_, gates, shape_.gates());
      kernels_.combine(inputs_.data(), shape_.gates(), to_past_.data(), nullptr, hidden_, hidden_, shape_.width, kSide);
      if (gradients_.audio) {
        kernels_.combine(inputs_.data(), shape_.gates(), to_input_.data(), nullptr, {}, audio_.from(column),
                         shape_.inputs, kSide);
      }
      copy(blocks_.hidden(step - 1), shape_.width, heard_.from(column));
      copy(blocks_.input(step), shape_.inputs, Rows{heard_.row(shape_.width), heard_.stride}.from(column));
    }
    inputs_.clear();
    push(inputs_, heard_, shape_.heard());
    const std::ptrdiff_t samples = (last - first) * kSide;
    kernels_.correlate(gates_, shape_.gates(), inputs_.data(), shape_.heard(), samples, sums_);
    kernels_.sum_rows(gates_, shape_.gates(), samples, bias_sums_);
    if (gradients_.audio) scatter(shape_, group, audio_, kSide, shape_.inputs, first, last, gradients_.audio);
  }

  void add_shown(std::ptrdiff_t column) {
    for (int row = 0; row < shape_.width; ++row) {
      for (std::ptrdiff_t item = 0; item < kSide; ++item) hidden_.row(row)[item] += shown_.row(row)[column + item];
    }
  }

  static void copy(Rows from, int rows, Rows to) {
    for (int row = 0; row < rows; ++row) std::memcpy(to.row(row), from.row(row), kSide * sizeof(float));
  }

  const Kernels& kernels_;
  const CellShape& shape_;
  const CellData& gradients_;
  const std::vector<float>& to_past_;
  const std::vector<float>& to_input_;
  const Blocks& blocks_;
  float* sums_;
  float* bias_sums_;
  Rows gates_, heard_, audio_, shown_, hidden_, cell_;
  std::vector<const float*> inputs_;
};

}  // namespace

std::unique_ptr<SavedCells> run_cells(const Kernels& kernels, const CellShape& shape, const CellData& data,
                                      bool keep, int threads) {
  const std::vector<float> matrix = packed(data.matrix, shape.gates(), shape.heard(), shape.heard(), 1);
  const auto each = static_cast<std::size_t>(Blocks::floats(shape, keep ? shape.samples : kChunk));
  auto saved = std::make_unique<SavedCells>(shape, each * static_cast<std::size_t>(shape.groups()));
  in_parallel(static_cast<int>(shape.groups()), threads, [&](int group, int) {
    const Blocks blocks{shape, saved->memory.data() + each * static_cast<std::size_t>(group)};
    run_group(kernels, shape, data, matrix.data(), group, blocks, keep);
  });
  return keep ? std::move(saved) : nullptr;
}

void run_cells_backward(const Kernels& kernels, const SavedCells& saved, const CellData& data,
                        const CellData& gradients, int threads) {
  const CellShape& shape = saved.shape;
  const int gates = shape.gates(), heard = shape.heard();
  const std::vector<float> to_past = packed(data.matrix, shape.width, gates, 1, heard);
  const std::vector<float> to_input = packed(data.matrix + shape.width, shape.inputs, gates, 1, heard);
  const auto groups = static_cast<std::size_t>(shape.groups());
  const std::size_t entries = static_cast<std::size_t>(gates) * static_cast<std::size_t>(heard + 1);
  std::vector<float> sums(entries * groups);  // one set a group, added in their order
  const std::size_t each = GroupBackward::scratch_floats(shape);
  const Workspace scratch(each * groups);
  const auto blocks_each = static_cast<std::size_t>(Blocks::floats(shape, shape.samples));
  in_parallel(static_cast<int>(groups), threads, [&](int group, int) {
    const auto index = static_cast<std::size_t>(group);
    const Blocks blocks{shape, saved.memory.data() + blocks_each * index};
    float* own = sums.data() + entries * index;
    GroupBackward(kernels, shape, gradients, to_past, to_input, blocks, own,
                  own + static_cast<std::size_t>(gates) * static_cast<std::size_t>(heard),
                  scratch.data() + each * index)
        .run(group);
  });
  for (std::size_t group = 0; group < groups; ++group) {
    const float* own = sums.data() + entries * group;
    each_packed(gates, heard, [&](int gate, int input, std::size_t position) {
      gradients.matrix[gate * heard + input] += own[position];
    });
    for (int gate = 0; gate < gates; ++gate) gradients.bias[gate] += own[gates * heard + gate];
  }
}

}  // namespace wetprint
