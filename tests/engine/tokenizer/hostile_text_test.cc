// What encoding a hostile text, or with a hostile tokenizer, costs.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "base/work_limit.h"
#include "engine/tokenizer/special_guard.h"
#include "engine/tokenizer/tokenizer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/engine/cost.h"
#include "tests/engine/tokenizer/byte_tokenizer.h"

namespace assay::engine {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr absl::Duration kPromptCpu = absl::Milliseconds(400);
constexpr absl::Duration kMaxCpu = absl::Milliseconds(500 * kSlowness);
constexpr size_t kLongest = size_t{4} << 20;

class HostileTextTest : public ByteTokenizerTest {
 protected:
  std::unique_ptr<Tokenizer> ReadJson(const Json& json) const {
    Write("tokenizer.json", json.dump());
    return Read();
  }

  // Encodes within the limit of a prompt, which must hold whether the text is accepted or not.
  static void ExpectLimited(const Tokenizer& tokenizer, const std::string& text) {
    const CallContext call;
    absl::Status status;
    const absl::Duration cpu = CpuOf([&] {
      const WorkLimit limit(kPromptCpu, call);
      status = tokenizer.Encode(text, {.parse_special = true}).status();
    });
    EXPECT_LT(cpu, kMaxCpu) << status;
    if (status.ok()) return;
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }

  // Encodes with a deadline, and then with a cancellation, after 50 ms.
  static void ExpectStops(const Tokenizer& tokenizer, const std::string& text) {
    constexpr absl::Duration kAfter = absl::Milliseconds(50);
    std::atomic<bool> cancelled = false;
    for (const bool cancels : {false, true}) {
      const CallContext call = cancels ? CallContext([&] { return cancelled.load(); })
                                       : CallContext::WithTimeout(kAfter);
      std::thread canceller([&] {
        absl::SleepFor(kAfter);
        cancelled = true;
      });
      absl::Status status;
      const absl::Duration cpu = CpuOf([&] {
        const WorkLimit limit(absl::Seconds(100), call);
        status = tokenizer.Encode(text, {}).status();
      });
      canceller.join();
      EXPECT_EQ(status.code(),
                cancels ? absl::StatusCode::kCancelled : absl::StatusCode::kDeadlineExceeded)
          << status;
      EXPECT_LT(cpu, (kAfter + absl::Milliseconds(100)) * kSlowness);
    }
  }
};

// Patterns that take exponential, cubic and square time at each position of a text.
constexpr const char* kPatterns[] = {"(a|aa)+$", ".*.*.*b", "a*b", "(?:a+)+b", "(?=a*a*b)a"};

// A regression test: the limit held for each match, so that 500 bytes took seconds.
TEST_F(HostileTextTest, PatternsOfATokenizer) {
  for (const char* pattern : kPatterns) {
    SCOPED_TRACE(pattern);
    Json json = ByteTokenizerJson();
    json["pre_tokenizer"] = {{"type", "Split"},
                             {"pattern", {{"Regex", pattern}}},
                             {"behavior", "Isolated"},
                             {"invert", false}};
    const auto tokenizer = ReadJson(json);
    ASSERT_NE(tokenizer, nullptr);
    for (const size_t size : {size_t{30}, size_t{500}, size_t{50'000}, kLongest}) {
      ExpectLimited(*tokenizer, std::string(size, 'a'));
    }
  }
}

TEST_F(HostileTextTest, PatternsStopAtTheDeadline) {
  Json json = ByteTokenizerJson();
  json["pre_tokenizer"] = {{"type", "Split"},
                           {"pattern", {{"Regex", "a*b"}}},
                           {"behavior", "Isolated"},
                           {"invert", false}};
  const auto tokenizer = ReadJson(json);
  ASSERT_NE(tokenizer, nullptr);
  ExpectStops(*tokenizer, std::string(kLongest, 'a'));
}

TEST_F(HostileTextTest, NormalizersAndDecodersHaveTheSameLimit) {
  Json json = ByteTokenizerJson();
  json["normalizer"] = {
      {"type", "Replace"}, {"pattern", {{"Regex", "(a|aa)+$"}}}, {"content", "b"}};
  const auto tokenizer = ReadJson(json);
  ASSERT_NE(tokenizer, nullptr);
  ExpectLimited(*tokenizer, std::string(500, 'a'));
  json.erase("normalizer");
  json["decoder"] = {{"type", "Replace"}, {"pattern", {{"Regex", "(a|aa)+$"}}}, {"content", "b"}};
  for (int i = 0; i < 2000; ++i) {
    json["model"]["vocab"][absl::StrCat(std::string(300, 'a'), i)] = 258 + i;
  }
  Write("tokenizer.json", json.dump());
  absl::Status status;
  EXPECT_LT(CpuOf([&] { status = MakeTokenizerFromFolder(folder_).status(); }),
            absl::Seconds(2) * kSlowness);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
}

// A regression test: the marks were sorted in square time, so that a megabyte took half a minute.
TEST_F(HostileTextTest, ManyCombiningMarks) {
  for (const char* form : {"NFC", "NFD", "NFKC", "NFKD"}) {
    SCOPED_TRACE(form);
    Json json = ByteTokenizerJson();
    json["normalizer"] = {{"type", form}};
    const auto tokenizer = ReadJson(json);
    ASSERT_NE(tokenizer, nullptr);
    std::string text = "a";
    std::string sorted =
        std::string(form) == "NFC" || std::string(form) == "NFKC" ? "\u1EA1" : "a\u0323";
    std::string tail;
    for (int i = 0; i < 100'000; ++i) {
      text += "\u0301\u0323";
      if (i > 0) sorted += "\u0323";
      tail += "\u0301";
    }
    ExpectLimited(*tokenizer, text);
    EXPECT_EQ(tokenizer->Decode(*tokenizer->Encode(text, {}), false).value_or(""), sorted + tail);
  }
}

TEST_F(HostileTextTest, OneLongWordOfBytePairs) {
  Json json = ByteTokenizerJson();
  std::string token = "a";
  for (int i = 0; i < 6; ++i) {
    json["model"]["merges"].push_back(absl::StrCat(token, " ", token));
    token += token;
    json["model"]["vocab"][token] = 258 + i;
  }
  json["pre_tokenizer"] = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const auto tokenizer = ReadJson(json);
  ASSERT_NE(tokenizer, nullptr);
  ExpectLimited(*tokenizer, std::string(kLongest, 'a'));
}

TEST_F(HostileTextTest, UnigramOfLongPieces) {
  Json vocabulary = Json::array({Json::array({"<unk>", 0.0}), Json::array({"a", -1.0})});
  for (int i = 2; i <= 512; ++i) {
    vocabulary.push_back(Json::array({std::string(static_cast<size_t>(i), 'a'), -2.0}));
  }
  const Json json = {{"model", {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", vocabulary}}}};
  const auto tokenizer = ReadJson(json);
  ASSERT_NE(tokenizer, nullptr);
  ExpectLimited(*tokenizer, std::string(kLongest, 'a'));
  ExpectStops(*tokenizer, std::string(kLongest, 'a'));
}

// Each position of the text begins hundreds of added tokens, none of which matches.
TEST_F(HostileTextTest, AddedTokensWithLongCommonBeginnings) {
  std::vector<Json> added;
  for (int i = 1; i < 1000; ++i) {
    added.push_back({{"content", std::string(static_cast<size_t>(i), 'a') + "b"},
                     {"special", true},
                     {"normalized", false}});
  }
  const auto tokenizer = ReadJson(ByteTokenizerJson(added));
  ASSERT_NE(tokenizer, nullptr);
  ExpectLimited(*tokenizer, std::string(kLongest, 'a'));
  const SpecialGuard guard = tokenizer->MakeGuard("");
  const CallContext call;
  const absl::Duration cpu = CpuOf([&] {
    const WorkLimit limit(kPromptCpu, call);
    guard.Find(std::string(kLongest, 'a'));
    EXPECT_FALSE(WorkLimit::Check().ok());
  });
  EXPECT_LT(cpu, kMaxCpu);
}

TEST_F(HostileTextTest, OrdinaryTextOfAMegabyteIsAccepted) {
  const auto tokenizer = Read();
  std::string text;
  while (text.size() < size_t{1} << 20) text += "It was a bright cold day in April, 13:00.\n";
  const CallContext call;
  const WorkLimit limit(kPromptCpu, call);
  EXPECT_TRUE(tokenizer->Encode(text, {}).ok());
}

}  // namespace
}  // namespace assay::engine
