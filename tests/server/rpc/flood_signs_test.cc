// Which bytes of a connection are an attack.
#include "server/rpc/flood_signs.h"

#include <cstdint>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kReset = 3;
constexpr uint8_t kContinuation = 9;
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
  EXPECT_FALSE(HasEndlessHeader(calls));
  // A client that leaves cancels its calls without new ones.
  std::string leaving;
  for (uint32_t i = 0; i < 100; ++i) leaving += Frame(kReset, 0, 2 * i + 1, "\1\1\1\1");
  EXPECT_FALSE(HasResetFlood(leaving));
}

TEST(FloodSignsTest, HeaderOverManyFramesIsEndless) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{16384}}) {
    std::string bytes;
    while (bytes.size() < 2 * kFloodBytes) {
      bytes += Frame(kContinuation, 0, 1, std::string(size, 'z'));
    }
    // The window may begin anywhere.
    for (const size_t begin : {size_t{0}, size_t{1}, size_t{8}, size_t{9}, size / 2, size}) {
      EXPECT_TRUE(HasEndlessHeader(bytes.substr(begin, kFloodBytes))) << size << " " << begin;
    }
  }
}

TEST(FloodSignsTest, AllowedHeadersAreNot) {
  const std::string header = Frame(kHeaders, 0, 1, std::string(16000, 'h'));
  EXPECT_FALSE(HasEndlessHeader(header +
                                Frame(kContinuation, kEndHeaders, 1, std::string(2000, 'h')) +
                                Frame(kData, 0, 1, std::string(16384, 'd'))));
  EXPECT_FALSE(HasEndlessHeader(header + Frame(kContinuation, 0, 1, "x") +
                                Frame(kContinuation, kEndHeaders, 1, "x")));
  // Two streams.
  EXPECT_FALSE(HasEndlessHeader(Frame(kContinuation, 0, 1, "x") + Frame(kContinuation, 0, 3, "x")));
}

TEST(FloodSignsTest, RandomAndSparseBytesAreNot) {
  std::mt19937_64 random(7);
  std::string bytes(kFloodBytes, '\0');
  for (int round = 0; round < 200; ++round) {
    for (char& byte : bytes) byte = static_cast<char>(random() % (round % 2 == 0 ? 256 : 10));
    // With ten values, many places look like the begin of a frame, but not of a chain.
    EXPECT_FALSE(HasEndlessHeader(bytes)) << round;
    EXPECT_FALSE(HasResetFlood(bytes)) << round;
  }
  EXPECT_FALSE(HasEndlessHeader(std::string(kFloodBytes, '\0')));
  EXPECT_FALSE(HasEndlessHeader(std::string(kFloodBytes, '\x09')));
  EXPECT_FALSE(HasEndlessHeader(""));
}

}  // namespace
}  // namespace assay::server
