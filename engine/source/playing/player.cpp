#include "wetprint/player.h"

#include "playing/chain.h"
#include "playing/model_file.h"

namespace wetprint {
namespace {

constexpr std::int64_t kFormatVersion = 1;
constexpr int kWarmUpBlocks = 4;
constexpr playing::Range kSampleRates{4'000, 768'000};

std::int64_t number_of(const Json& header, const char* key, playing::Range range) {
  const Json* found = header.find(key);
  if (!found || !found->is_whole || found->whole < range.least || found->whole > range.most) {
    throw ModelError("the model's header is damaged: its " + std::string(key) +
                     " is absent or out of range");
  }
  return found->whole;
}

void check_version(const Json& header) {
  const std::int64_t version = number_of(header, "format_version", {1, INT32_MAX});
  if (version > kFormatVersion) {
    throw ModelError("the model is of format version " + std::to_string(version) +
                     ", this player reads up to " + std::to_string(kFormatVersion) + "; update it");
  }
}

void check_claim(const Json& header, const char* key, std::int64_t is) {
  if (number_of(header, key, {0, playing::kLongestMemory * 256}) != is) {
    throw ModelError("the model's header is damaged: its " + std::string(key) +
                     " is not that of its chain");
  }
}

}  // namespace

struct Player::Inside {
  explicit Inside(const ModelFile& file)
      : sample_rate(static_cast<int>(number_of(file.header, "sample_rate", kSampleRates))),
        chain(file) {
    check_claim(file.header, "channels_in", chain.channels_in());
    check_claim(file.header, "channels_out", chain.channels_out());
    check_claim(file.header, "latency_samples", chain.latency_samples());
    chain.reset(0);
    warm_up();
    chain.reset(0);
  }

  // Code and tables are fetched on first use: not while somebody listens.
  void warm_up() noexcept {
    float silence[playing::kMostChannels][playing::kMostFrames] = {};
    const float* inputs[] = {silence[0], silence[1]};
    float* outputs[] = {silence[0], silence[1]};
    for (int block = 0; block < kWarmUpBlocks; ++block) {
      chain.process(inputs, outputs, playing::kMostFrames);
    }
  }

  int sample_rate;
  playing::Chain chain;
};

Player::Player(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Player::Player(Player&&) noexcept = default;
Player& Player::operator=(Player&&) noexcept = default;
Player::~Player() = default;

Player Player::from_memory(const void* data, std::size_t size) {
  const ModelFile file = read_model(data, size);
  check_version(file.header);
  return Player(std::make_unique<Inside>(file));
}

Player Player::from_file(const std::string& path) {
  const std::vector<unsigned char> bytes = read_bytes(path);
  return from_memory(bytes.data(), bytes.size());
}

int Player::sample_rate() const noexcept { return inside_->sample_rate; }
int Player::channels_in() const noexcept { return inside_->chain.channels_in(); }
int Player::channels_out() const noexcept { return inside_->chain.channels_out(); }

std::int64_t Player::latency_samples() const noexcept { return inside_->chain.latency_samples(); }

std::int64_t Player::lookahead_samples() const noexcept {
  return inside_->chain.lookahead_samples();
}

void Player::prepare(int) { reset(); }

void Player::reset(std::int64_t start_sample) noexcept { inside_->chain.reset(start_sample); }

void Player::process(const float* const* inputs, float* const* outputs, int frames) noexcept {
  inside_->chain.process(inputs, outputs, frames);
}

}  // namespace wetprint
