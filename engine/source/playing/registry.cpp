#include "playing/registry.h"

#include "playing/blocks.h"

namespace wetprint::playing {

const std::vector<BlockKind>& block_kinds() {
  static const std::vector<BlockKind> kinds = {
      {"delay", build_delay},
      {"dilated", build_dilated},
      {"fir", build_fir},
      {"gain", build_gain},
      {"gru", build_gru},
      {"lstm", build_lstm},
      {"wavenet", build_wavenet},
  };
  return kinds;
}

const BlockKind& block_kind(const std::string& name) {
  for (const BlockKind& kind : block_kinds()) {
    if (kind.name == name) return kind;
  }
  throw ModelError("this player does not know the block '" + name.substr(0, 100) + "'");
}

}  // namespace wetprint::playing
