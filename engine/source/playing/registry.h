// The kinds of block that can be played, by the names that model files carry.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "playing/block.h"

namespace wetprint::playing {

struct BlockKind {
  const char* name;
  std::unique_ptr<Block> (*build)(Plan& plan);
};

const std::vector<BlockKind>& block_kinds();

// Throws ModelError where there is no such kind.
const BlockKind& block_kind(const std::string& name);

}  // namespace wetprint::playing
