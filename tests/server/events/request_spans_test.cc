// The trace of a request: consecutive stages, and texts only if the option is set.
#include "server/events/request_spans.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/tracing/otlp_json.h"
#include "tests/server/events/request_record.h"

namespace assay::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::optional<AttributeValue> Find(const Span& span, const std::string& key) {
  for (const auto& [name, value] : span.attributes) {
    if (name == key) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Names(const std::vector<Span>& spans) {
  std::vector<std::string> names;
  for (const Span& span : spans) names.push_back(span.name);
  return names;
}

TEST(RequestSpansTest, StagesAreConsecutiveChildrenOfTheCall) {
  const SomeRequest some;
  const std::vector<Span> spans = RequestSpans(some.record, false);
  EXPECT_THAT(Names(spans), ElementsAre("assay.v1.InferenceService/Generate", "route", "acquire",
                                        "queue", "prefill", "decode"));
  const Span& call = spans[0];
  EXPECT_EQ(call.kind, SpanKind::kServer);
  EXPECT_EQ(call.parent_span_id, "b7ad6b7169203331");
  EXPECT_EQ(call.end - call.start, absl::Milliseconds(210));
  absl::Time last = call.start;
  std::set<std::string> ids = {call.span_id};
  for (size_t i = 1; i < spans.size(); ++i) {
    EXPECT_EQ(spans[i].trace_id, call.trace_id);
    EXPECT_EQ(spans[i].trace_state, "vendor=1");
    EXPECT_EQ(spans[i].parent_span_id, call.span_id);
    EXPECT_EQ(spans[i].start, last);
    EXPECT_LE(spans[i].end, call.end);
    last = spans[i].end;
    ids.insert(spans[i].span_id);
  }
  EXPECT_EQ(ids.size(), spans.size());
  EXPECT_EQ(spans[3].end - call.start, absl::Milliseconds(30));
  EXPECT_EQ(spans[4].end - call.start, absl::Milliseconds(80));
  EXPECT_EQ(spans[5].end - call.start, absl::Milliseconds(200));
}

TEST(RequestSpansTest, CallHasTheAttributesOfOpenTelemetry) {
  const SomeRequest some;
  const Span call = RequestSpans(some.record, false).front();
  EXPECT_EQ(Find(call, "rpc.service"), AttributeValue("assay.v1.InferenceService"));
  EXPECT_EQ(Find(call, "rpc.method"), AttributeValue("Generate"));
  EXPECT_EQ(Find(call, "gen_ai.operation.name"), AttributeValue("chat"));
  EXPECT_EQ(Find(call, "gen_ai.request.model"), AttributeValue("m1"));
  EXPECT_EQ(Find(call, "gen_ai.request.max_tokens"), AttributeValue(int64_t{7}));
  EXPECT_EQ(Find(call, "gen_ai.request.temperature"), AttributeValue(0.5));
  EXPECT_EQ(Find(call, "gen_ai.request.seed"), AttributeValue("18446744073709551615"));
  EXPECT_EQ(Find(call, "gen_ai.usage.input_tokens"), AttributeValue(int64_t{11}));
  EXPECT_EQ(Find(call, "gen_ai.usage.output_tokens"), AttributeValue(int64_t{7}));
  EXPECT_EQ(Find(call, "gen_ai.response.finish_reasons"),
            AttributeValue(std::vector<std::string>{"length"}));
  EXPECT_EQ(Find(call, "assay.request_id"), AttributeValue("r-1"));
  EXPECT_EQ(Find(call, "gen_ai.request.top_p"), std::nullopt);
}

TEST(RequestSpansTest, PromptAndTextAreIncludedOnlyWithContent) {
  const SomeRequest some;
  EXPECT_THAT(ToOtlpJson(RequestSpans(some.record, false), {}, ""), Not(HasSubstr("secret")));
  const Span call = RequestSpans(some.record, true).front();
  EXPECT_EQ(Find(call, "gen_ai.input.messages"),
            AttributeValue(R"([{"content":"a secret plan","role":"user"}])"));
  EXPECT_EQ(Find(call, "gen_ai.output.messages"),
            AttributeValue(R"([{"content":"a secret text","role":"assistant"}])"));
}

TEST(RequestSpansTest, FailureEndsAtItsStageAndQuotesNothing) {
  SomeRequest some;
  some.record.status = absl::InvalidArgumentError("stop[0]: 'secret' is too long");
  some.record.routed = absl::Seconds(-1);
  some.record.accepted = absl::Seconds(-1);
  const std::vector<Span> spans = RequestSpans(some.record, false);
  ASSERT_EQ(spans.size(), 1U);
  EXPECT_EQ(spans[0].error, "INVALID_ARGUMENT");
  EXPECT_EQ(Find(spans[0], "rpc.grpc.status_code"), AttributeValue(int64_t{3}));
  EXPECT_EQ(Find(spans[0], "gen_ai.usage.output_tokens"), std::nullopt);
  some.record.routed = absl::Milliseconds(2);
  EXPECT_THAT(Names(RequestSpans(some.record, false)),
              ElementsAre("assay.v1.InferenceService/Generate", "route"));
  EXPECT_THAT(RequestSpans(some.record, true)[0].error, HasSubstr("secret"));
}

TEST(RequestSpansTest, ConversationIsAListOfMessages) {
  GenerateCall call;
  call.chat = std::vector<ChatMessage>{{.role = "system", .content = "Be \"brief\"."}};
  EXPECT_EQ(InputMessages(call), R"([{"content":"Be \"brief\".","role":"system"}])");
}

}  // namespace
}  // namespace assay::server
