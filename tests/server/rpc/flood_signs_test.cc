// Which bytes of a connection are an attack.
#include "server/rpc/flood_signs.h"

#include <cstdint>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr uint8_t kHeaders = 1;
constexpr uint8_t kReset = 3;
constexpr uint8_t kEndHeaders = 4;

std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string frame;
  const size_t size = payload.size();
  for (const int shift : {16, 8, 0}) frame.push_back(static_cast<char>(size >> shift));
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  for (const int shift : {24, 16, 8, 0}) frame.push_back(static_cast<char>(stream >> shift));
  return frame + payload;
}

TEST(FloodSignsTest, CallsThatAreCancelledAtOnceAreAFlood) {
  std::string calls;
  for (uint32_t i = 0; i < 30; ++i) {
    calls += Frame(kHeaders, kEndHeaders, 2 * i + 1, std::string(60, 'h'));
    calls += Frame(kReset, 0, 2 * i + 1, std::string(4, '\x08'));
  }
  EXPECT_TRUE(HasResetFlood(calls));
  // A client that leaves cancels its calls without new ones.
  std::string leaving;
  for (uint32_t i = 0; i < 100; ++i) leaving += Frame(kReset, 0, 2 * i + 1, "\1\1\1\1");
  EXPECT_FALSE(HasResetFlood(leaving));
}

TEST(FloodSignsTest, RandomAndSparseBytesAreNot) {
  std::mt19937_64 random(7);
  std::string bytes(kFloodBytes, '\0');
  for (int round = 0; round < 200; ++round) {
    for (char& byte : bytes) byte = static_cast<char>(random() % (round % 2 == 0 ? 256 : 10));
    EXPECT_FALSE(HasResetFlood(bytes)) << round;
  }
  EXPECT_FALSE(HasResetFlood(std::string(kFloodBytes, '\0')));
  EXPECT_FALSE(HasResetFlood(""));
}

}  // namespace
}  // namespace assay::server
