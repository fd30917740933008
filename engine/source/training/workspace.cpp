#include "training/workspace.h"

#include <mutex>
#include <new>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace wetprint {

namespace {

struct Block {
  float* data;
  std::size_t bytes;
};

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kKeptBlocks = 6;
constexpr std::size_t kWorstFit = 4;  // a block this much too large is left for larger needs

std::mutex mutex;
std::vector<Block>& kept() {
  static auto* blocks = new std::vector<Block>;  // outlives whoever gives back at exit
  return *blocks;
}

Block fresh(std::size_t bytes) {
  void* data = ::operator new(bytes, std::align_val_t{kHugePage});
#ifdef __linux__
  madvise(data, bytes, MADV_HUGEPAGE);  // a wish: fewer page faults where it is granted
#endif
  return {static_cast<float*>(data), bytes};
}

void drop(Block block) { ::operator delete(block.data, std::align_val_t{kHugePage}); }

Block take(std::size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  auto& blocks = kept();
  auto best = blocks.end();
  for (auto block = blocks.begin(); block != blocks.end(); ++block) {
    const bool fits = block->bytes >= bytes && block->bytes / kWorstFit <= bytes;
    if (fits && (best == blocks.end() || block->bytes < best->bytes)) best = block;
  }
  if (best == blocks.end()) return fresh(bytes);
  const Block found = *best;
  blocks.erase(best);
  return found;
}

void give_back(Block block) {
  std::lock_guard<std::mutex> lock(mutex);
  auto& blocks = kept();
  blocks.push_back(block);
  if (blocks.size() <= kKeptBlocks) return;
  drop(blocks.front());
  blocks.erase(blocks.begin());
}

}  // namespace

Workspace::Workspace(std::size_t floats) {
  const std::size_t wanted = floats * sizeof(float) + 1;
  const Block block = take((wanted + kHugePage - 1) / kHugePage * kHugePage);
  data_ = block.data;
  bytes_ = block.bytes;
}

Workspace::~Workspace() { give_back({data_, bytes_}); }

}  // namespace wetprint
