// WAV files, read and written in pieces: 16, 24 or 32 bits a sample, or 32-bit float, one or two
// channels, of any length; sizes beyond 4 GiB by RF64 (EBU Tech 3306).
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace wetprint {

// What cannot be done with a sound file, in one sentence.
class SoundError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct WavFormat {
  int sample_rate = 0;
  int channels = 0;
  int bits = 0;
  bool is_float = false;
};

class WavReader {
 public:
  explicit WavReader(const std::string& path);
  const WavFormat& format() const { return format_; }

  // Reads up to `most` frames into rows, one a channel; returns how many there were.
  int read(std::vector<std::vector<float>>& rows, int most);

 private:
  void read_chunks();
  void read_format(std::uint64_t size);
  std::uint64_t number(int bytes);
  float sample(const unsigned char* at) const;

  std::string path_;
  std::ifstream file_;
  WavFormat format_;
  std::uint64_t left_ = 0;  // bytes of sound
  std::vector<unsigned char> bytes_;
};

// Writes beside `path`; the file appears under its name, whole, with finish(), or not at all.
class WavWriter {
 public:
  WavWriter(std::string path, const WavFormat& format);
  ~WavWriter();
  void write(const std::vector<std::vector<float>>& rows, int frames);
  void finish();

 private:
  void write_header();
  void number(std::uint64_t value, int bytes);

  std::string path_, scratch_;
  std::ofstream file_;
  WavFormat format_;
  std::uint64_t frames_ = 0;
  std::vector<unsigned char> bytes_;
  bool finished_ = false;
};

}  // namespace wetprint
