#include "wav.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

#include <unistd.h>

namespace wetprint {
namespace {

constexpr std::uint64_t kTooLarge = 0xFFFFFFFF;  // for a 32-bit size
constexpr int kPcm = 1, kFloat = 3, kExtensible = 0xFFFE;
constexpr int kHeaderBytes = 80;  // RIFF or RF64, room for ds64, fmt, data

}  // namespace

WavReader::WavReader(const std::string& path) : path_(path), file_(path, std::ios::binary) {
  if (!file_) throw SoundError("cannot read " + path);
  read_chunks();
}

std::uint64_t WavReader::number(int bytes) {
  unsigned char raw[8] = {};
  file_.read(reinterpret_cast<char*>(raw), bytes);
  if (!file_) throw SoundError(path_ + " is no whole WAV file");
  std::uint64_t value = 0;
  for (int index = bytes; index-- > 0;) value = value << 8 | raw[index];
  return value;
}

void WavReader::read_chunks() {
  const auto name = [this] {
    char text[4] = {};
    file_.read(text, 4);
    return std::string(text, file_ ? 4 : 0);
  };
  const std::string riff = name();
  number(4);
  if ((riff != "RIFF" && riff != "RF64") || name() != "WAVE") {
    throw SoundError(path_ + " is not a WAV file");
  }
  std::uint64_t long_size = kTooLarge;
  while (true) {
    const std::string chunk = name();
    if (chunk.empty()) throw SoundError(path_ + " holds no sound");
    const std::uint64_t size = number(4);
    if (chunk == "data") {
      left_ = size == kTooLarge ? long_size : size;
      break;
    }
    const std::streamoff begin = file_.tellg();
    if (chunk == "fmt ") read_format(size);
    if (chunk == "ds64") {
      number(8);
      long_size = number(8);
    }
    file_.seekg(begin + static_cast<std::streamoff>(size + (size & 1)));
  }
  if (format_.channels == 0) throw SoundError(path_ + " does not say how its sound is kept");
}

void WavReader::read_format(std::uint64_t size) {
  auto kind = static_cast<int>(number(2));
  format_.channels = static_cast<int>(number(2));
  format_.sample_rate = static_cast<int>(number(4));
  number(4);
  number(2);
  format_.bits = static_cast<int>(number(2));
  if (kind == kExtensible && size >= 26) {
    number(2);
    number(2);
    number(4);
    kind = static_cast<int>(number(2));
  }
  format_.is_float = kind == kFloat;
  const bool is_known =
      (kind == kPcm && (format_.bits == 16 || format_.bits == 24 || format_.bits == 32)) ||
      (kind == kFloat && format_.bits == 32);
  if (!is_known) throw SoundError(path_ + " must be of 16, 24 or 32 bits, or 32-bit float");
  if (format_.channels < 1 || format_.channels > 2) {
    throw SoundError(path_ + " must have one or two channels, it has " +
                     std::to_string(format_.channels));
  }
}

float WavReader::sample(const unsigned char* at) const {
  std::uint32_t bits = 0;
  const int bytes = format_.bits / 8;
  for (int index = 0; index < bytes; ++index) {
    bits |= static_cast<std::uint32_t>(at[index]) << (8 * (4 - bytes + index));
  }
  if (!format_.is_float) return static_cast<float>(static_cast<std::int32_t>(bits)) * 0x1p-31f;
  float value = 0.0f;
  std::memcpy(&value, &bits, sizeof value);
  if (!std::isfinite(value)) throw SoundError(path_ + " holds samples that are not numbers");
  return value;
}

int WavReader::read(std::vector<std::vector<float>>& rows, int most) {
  const int bytes = format_.bits / 8, frame_bytes = bytes * format_.channels;
  const std::uint64_t wanted = static_cast<std::uint64_t>(most) * frame_bytes;
  bytes_.resize(static_cast<std::size_t>(std::min(wanted, left_)));
  file_.read(reinterpret_cast<char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()));
  const auto came = static_cast<std::uint64_t>(file_.gcount());
  left_ = came < bytes_.size() ? 0 : left_ - came;  // a cut file is played as far as it goes
  const int frames = static_cast<int>(came / frame_bytes);
  for (int frame = 0; frame < frames; ++frame) {
    for (int channel = 0; channel < format_.channels; ++channel) {
      rows[channel][frame] = sample(bytes_.data() + frame * frame_bytes + channel * bytes);
    }
  }
  return frames;
}

WavWriter::WavWriter(std::string path, const WavFormat& format)
    : path_(std::move(path)),
      scratch_(path_ + "." + std::to_string(getpid()) + ".part"),
      file_(scratch_, std::ios::binary),
      format_(format) {
  if (!file_) throw SoundError("cannot write " + path_);
  write_header();
}

WavWriter::~WavWriter() {
  if (finished_) return;
  file_.close();
  std::remove(scratch_.c_str());
}

void WavWriter::number(std::uint64_t value, int bytes) {
  for (int index = 0; index < bytes; ++index) {
    file_.put(static_cast<char>(value >> (8 * index) & 0xFF));
  }
}

void WavWriter::write_header() {
  const int frame_bytes = format_.bits / 8 * format_.channels;
  const std::uint64_t data = frames_ * static_cast<std::uint64_t>(frame_bytes);
  const std::uint64_t whole = data + (data & 1) + kHeaderBytes - 8;
  const bool is_long = whole >= kTooLarge;
  file_.write(is_long ? "RF64" : "RIFF", 4);
  number(is_long ? kTooLarge : whole, 4);
  file_.write(is_long ? "WAVEds64" : "WAVEJUNK", 8);
  number(28, 4);
  number(whole, 8);
  number(data, 8);
  number(frames_, 8);
  number(0, 4);
  file_.write("fmt ", 4);
  number(16, 4);
  number(format_.is_float ? kFloat : kPcm, 2);
  number(format_.channels, 2);
  number(format_.sample_rate, 4);
  number(static_cast<std::uint64_t>(format_.sample_rate) * frame_bytes, 4);
  number(frame_bytes, 2);
  number(format_.bits, 2);
  file_.write("data", 4);
  number(is_long ? kTooLarge : data, 4);
}

void WavWriter::write(const std::vector<std::vector<float>>& rows, int frames) {
  const int bytes = format_.bits / 8;
  bytes_.clear();
  for (int frame = 0; frame < frames; ++frame) {
    for (int channel = 0; channel < format_.channels; ++channel) {
      const float value = rows[channel][frame];
      std::uint32_t bits = 0;
      if (format_.is_float) {
        std::memcpy(&bits, &value, sizeof bits);
      } else {
        const float top = std::ldexp(1.0f, format_.bits - 1);
        const float kept = std::clamp(value * top, -top, top - 1.0f);
        bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(std::lrint(kept)));
      }
      for (int index = 0; index < bytes; ++index) {
        bytes_.push_back(static_cast<unsigned char>(bits >> (8 * index)));
      }
    }
  }
  file_.write(reinterpret_cast<const char*>(bytes_.data()),
              static_cast<std::streamsize>(bytes_.size()));
  frames_ += static_cast<std::uint64_t>(frames);
  if (!file_) throw SoundError("cannot write " + path_ + ": is the disk full?");
}

void WavWriter::finish() {
  if (frames_ * static_cast<std::uint64_t>(format_.bits / 8 * format_.channels) & 1) file_.put(0);
  file_.seekp(0);
  write_header();
  file_.close();
  if (!file_ || std::rename(scratch_.c_str(), path_.c_str()) != 0) {
    throw SoundError("cannot write " + path_);
  }
  finished_ = true;
}

}  // namespace wetprint
