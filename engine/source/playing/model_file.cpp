#include "playing/model_file.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <string_view>

#include "wetprint/player.h"

namespace wetprint {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kLongestHeader = std::size_t{32} << 20;
constexpr std::uintmax_t kLargestFile = std::uintmax_t{2} << 30;

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");

struct Extent {
  std::int64_t begin, end;
};

[[noreturn]] void refuse(const std::string& why) {
  throw ModelError("this is not a whole .wetprint model: " + why);
}

std::int64_t whole(const Json& value, std::int64_t most, const std::string& what) {
  if (!value.is_whole || value.whole < 0 || value.whole > most) refuse(what + " is out of range");
  return value.whole;
}

const Json& member(const Json& object, const char* key, Json::Kind kind, const std::string& of) {
  const Json* found = object.find(key);
  if (!found || found->kind != kind) refuse(of + " lacks its " + key);
  return *found;
}

Extent extent_of(const Json& entry, std::int64_t bytes, const std::string& name) {
  const Json& offsets = member(entry, "data_offsets", Json::Kind::list, name);
  if (offsets.list.size() != 2) refuse(name + " needs two offsets");
  const Extent found{whole(offsets.list[0], bytes, name), whole(offsets.list[1], bytes, name)};
  if (found.begin > found.end) refuse(name + " ends before it begins");
  return found;
}

std::vector<std::int64_t> shape_of(const Json& entry, std::int64_t values, const std::string& name) {
  std::vector<std::int64_t> shape;
  std::int64_t product = 1;
  for (const Json& each : member(entry, "shape", Json::Kind::list, name).list) {
    shape.push_back(whole(each, values, "the shape of " + name));
    if (shape.back() != 0 && product > values / shape.back()) refuse(name + " lacks numbers");
    product *= shape.back();
  }
  if (product != values) refuse("the shape of " + name + " does not fit its numbers");
  return shape;
}

Tensor read_tensor(const Json& entry, const Extent& extent, const unsigned char* data,
                   const std::string& name) {
  if (member(entry, "dtype", Json::Kind::text, name).text != "F32") refuse(name + " is not float32");
  const std::int64_t bytes = extent.end - extent.begin;
  const auto each = static_cast<std::int64_t>(sizeof(float));
  if (bytes % each) refuse(name + " is cut");
  Tensor tensor{shape_of(entry, bytes / each, name), {}};
  tensor.values.resize(static_cast<std::size_t>(bytes / each));
  if (bytes) std::memcpy(tensor.values.data(), data + extent.begin, static_cast<std::size_t>(bytes));
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (!std::all_of(tensor.values.begin(), tensor.values.end(), is_finite)) {
    refuse(name + " holds weights that are not numbers");
  }
  return tensor;
}

// No gap, no overlap, nothing after the end: as the container's own rules have it.
void check_cover(std::vector<Extent> extents, std::int64_t bytes) {
  std::sort(extents.begin(), extents.end(), [](const Extent& one, const Extent& other) {
    return one.begin != other.begin ? one.begin < other.begin : one.end < other.end;
  });
  std::int64_t reached = 0;
  for (const Extent& each : extents) {
    if (each.begin != reached) refuse("its tensors overlap or leave gaps");
    reached = each.end;
  }
  if (reached != bytes) refuse("it is cut, or holds more than it says");
}

}  // namespace

ModelFile read_model(const void* data, std::size_t size) {
  if (size < kLengthBytes) refuse("it is too short");
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes, kLengthBytes);
  if (length > kLongestHeader || length > size - kLengthBytes) refuse("its header is cut");
  const auto header_bytes = static_cast<std::size_t>(length);
  const Json container =
      parse_json({reinterpret_cast<const char*>(bytes) + kLengthBytes, header_bytes});
  if (container.kind != Json::Kind::object) refuse("its header is no object");
  const auto left = static_cast<std::int64_t>(size - kLengthBytes - header_bytes);
  ModelFile file;
  std::vector<Extent> extents;
  for (const auto& [name, entry] : container.members) {
    if (name == "__metadata__") continue;
    const std::string shown = std::string("'").append(name, 0, 100).append("'");
    extents.push_back(extent_of(entry, left, shown));
    file.tensors[name] =
        read_tensor(entry, extents.back(), bytes + kLengthBytes + header_bytes, shown);
  }
  check_cover(extents, left);
  const Json* metadata = container.find("__metadata__");
  const Json* text = metadata ? metadata->find("wetprint") : nullptr;
  if (!text || text->kind != Json::Kind::text) {
    throw ModelError("this is a safetensors file, but not a wetprint model");
  }
  file.header = parse_json(text->text);
  return file;
}

std::vector<unsigned char> read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (size < 0) throw ModelError("cannot read " + path);
  if (static_cast<std::uintmax_t>(size) > kLargestFile) {
    throw ModelError(path + " is larger than any model");
  }
  std::vector<unsigned char> bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  if (!file) throw ModelError("cannot read " + path);
  return bytes;
}

}  // namespace wetprint
