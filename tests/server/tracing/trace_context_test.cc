// Tests trace context headers with examples and rules of the W3C recommendation.
#include "server/tracing/trace_context.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kSpan[] = "00f067aa0ba902b7";
constexpr char kHeader[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContextTest, ParsesTheRecommendationsExample) {
  const auto parent = ParseTraceParent(kHeader);
  ASSERT_TRUE(parent.has_value());
  EXPECT_EQ(parent->trace_id, kTrace);
  EXPECT_EQ(parent->span_id, kSpan);
  EXPECT_TRUE(parent->sampled);
  EXPECT_FALSE(
      ParseTraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02")->sampled);
}

TEST(TraceContextTest, AcceptsLongerHeadersOfLaterVersions) {
  const std::string trace = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_TRUE(ParseTraceParent("cc" + trace + "-what-the-future-brings").has_value());
  EXPECT_FALSE(ParseTraceParent("cc" + trace + "x").has_value());
  EXPECT_FALSE(ParseTraceParent("00" + trace + "-more").has_value());
}

TEST(TraceContextTest, RejectsInvalidHeaders) {
  for (const char* header : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                             "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
                             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01"}) {
    EXPECT_FALSE(ParseTraceParent(header).has_value()) << header;
  }
}

TEST(TraceContextTest, ContinuesTheCallersTraceAndSamplingDecision) {
  const TraceContext context = ContinueTrace(kHeader, "vendor=1", 0);
  EXPECT_EQ(context.trace_id, kTrace);
  EXPECT_EQ(context.parent_span_id, kSpan);
  EXPECT_NE(context.span_id, kSpan);
  EXPECT_TRUE(context.sampled);
  EXPECT_EQ(context.state, "vendor=1");
  EXPECT_FALSE(
      ContinueTrace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "", 1).sampled);
  EXPECT_EQ(ContinueTrace(kHeader, std::string(513, 's'), 0).state, "");
}

TEST(TraceContextTest, SamplesNewTracesByRatio) {
  EXPECT_FALSE(ContinueTrace("", "", 0).sampled);
  EXPECT_TRUE(ContinueTrace("junk", "kept=no", 1).sampled);
  EXPECT_EQ(ContinueTrace("junk", "kept=no", 1).state, "");
  int sampled = 0;
  for (int i = 0; i < 4000; ++i) sampled += ContinueTrace("", "", 0.25).sampled ? 1 : 0;
  // The tolerance is ten standard deviations.
  EXPECT_NEAR(sampled, 1000, 280);
}

TEST(TraceContextTest, RandomIdsAreUnique) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(RandomHex(32));
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_EQ(ids.begin()->size(), 32U);
}

}  // namespace
}  // namespace assay::server
