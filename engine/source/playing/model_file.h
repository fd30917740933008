// The `.wetprint` file: a safetensors container (8 bytes of length, a JSON header, the numbers of
// every tensor) whose metadata holds a second JSON header, which describes the chain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "playing/json.h"

namespace wetprint {

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct ModelFile {
  Json header;
  std::map<std::string, Tensor> tensors;
};

// Throws ModelError unless everything fits together: lengths, offsets, shapes, types, and numbers
// that are finite.
ModelFile read_model(const void* data, std::size_t size);

// The bytes of a file. Throws ModelError.
std::vector<unsigned char> read_bytes(const std::string& path);

}  // namespace wetprint
