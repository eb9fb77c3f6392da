// Conversion of the messages of InferenceService to the server's own types and back.
#include "server/wire/inference_proto.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

using testing::ElementsAre;

TEST(InferenceProtoTest, CallHasEveryFieldOfTheRequest) {
  assay::v1::GenerateRequest request;
  request.set_model("m");
  request.set_content_type("blog");
  request.set_prompt("Hello");
  request.set_raw(true);
  request.set_tools_json("[]");
  request.set_template_variables_json("{}");
  request.mutable_sampling()->set_temperature(0.5);
  request.mutable_sampling()->set_top_p(0.25);
  request.mutable_sampling()->set_top_k(3);
  request.mutable_sampling()->set_seed(18446744073709551615U);
  request.add_stop("a");
  request.add_stop("b");
  request.set_max_new_tokens(7);
  request.set_priority(-2);
  request.set_routing_key("k");
  request.set_chat_template("rag");
  request.set_parse_special(true);
  request.mutable_sampling()->set_model_defaults(true);
  const GenerateCall call = ToCall(request);
  EXPECT_EQ(call.model, "m");
  EXPECT_EQ(call.content_type, "blog");
  EXPECT_EQ(call.prompt, "Hello");
  EXPECT_FALSE(call.chat.has_value());
  EXPECT_TRUE(call.raw);
  EXPECT_EQ(call.tools_json, "[]");
  EXPECT_EQ(call.template_variables_json, "{}");
  EXPECT_EQ(call.sampling.temperature, 0.5F);
  EXPECT_EQ(call.sampling.top_p, 0.25F);
  EXPECT_EQ(call.sampling.top_k, 3);
  EXPECT_EQ(call.sampling.seed, 18446744073709551615U);
  EXPECT_THAT(call.stop, ElementsAre("a", "b"));
  EXPECT_EQ(call.max_new_tokens, 7);
  EXPECT_EQ(call.priority, -2);
  EXPECT_EQ(call.routing_key, "k");
  EXPECT_EQ(call.chat_template, "rag");
  EXPECT_TRUE(call.parse_special);
  EXPECT_EQ(call.sampling.model_defaults, true);
  EXPECT_TRUE(call.reuse_prefix);
}

TEST(InferenceProtoTest, UnsetSamplingStaysUnset) {
  const GenerateCall call = ToCall(assay::v1::GenerateRequest());
  EXPECT_FALSE(call.sampling.temperature.has_value());
  EXPECT_FALSE(call.sampling.top_p.has_value());
  EXPECT_FALSE(call.sampling.top_k.has_value());
  EXPECT_FALSE(call.sampling.seed.has_value());
  EXPECT_FALSE(call.sampling.model_defaults.has_value());
}

TEST(InferenceProtoTest, ConversationKeepsItsMessagesEvenIfThereAreNone) {
  assay::v1::GenerateRequest request;
  request.mutable_chat();
  ASSERT_TRUE(ToCall(request).chat.has_value());
  EXPECT_TRUE(ToCall(request).chat->empty());
  assay::v1::ChatMessage* message = request.mutable_chat()->add_messages();
  message->set_role("tool");
  message->set_content("21 degrees");
  message->set_fields_json("{}");
  const GenerateCall call = ToCall(request);
  ASSERT_EQ(call.chat->size(), 1U);
  EXPECT_EQ(call.chat->front().role, "tool");
  EXPECT_EQ(call.chat->front().content, "21 degrees");
  EXPECT_EQ(call.chat->front().fields_json, "{}");
}

TEST(InferenceProtoTest, ResponseHasEveryFieldOfTheResult) {
  const GenerateResult result{.text = "t0 t1",
                              .tokens = {4, 5},
                              .finish_reason = FinishReason::kStopString,
                              .usage = {.prompt_tokens = 11,
                                        .completion_tokens = 2,
                                        .cached_tokens = 3,
                                        .drafted_tokens = 5,
                                        .accepted_tokens = 4},
                              .times = {.queue = absl::Milliseconds(1),
                                        .prefill = absl::Milliseconds(2),
                                        .first_token = absl::Milliseconds(3),
                                        .per_token = absl::Milliseconds(4),
                                        .inter_token_p50 = absl::Milliseconds(5),
                                        .inter_token_p90 = absl::Milliseconds(6),
                                        .inter_token_p99 = absl::Milliseconds(7),
                                        .total = absl::Milliseconds(8)},
                              .tokens_per_second = 250,
                              .model = "m",
                              .route = {.model = "m", .rule = "fixed", .reason = "why"},
                              .seed = 9,
                              .cost_usd = 0.5,
                              .no_chat_template = true};
  assay::v1::GenerateResponse response;
  ToProto(result, &response);
  EXPECT_EQ(response.text(), "t0 t1");
  EXPECT_THAT(response.tokens(), ElementsAre(4, 5));
  EXPECT_EQ(response.finish_reason(), assay::v1::FINISH_REASON_STOP_STRING);
  EXPECT_EQ(response.usage().prompt_tokens(), 11);
  EXPECT_EQ(response.usage().completion_tokens(), 2);
  EXPECT_EQ(response.usage().cached_tokens(), 3);
  EXPECT_EQ(response.usage().drafted_tokens(), 5);
  EXPECT_EQ(response.usage().accepted_tokens(), 4);
  EXPECT_EQ(response.timings().queue_ms(), 1);
  EXPECT_EQ(response.timings().prefill_ms(), 2);
  EXPECT_EQ(response.timings().first_token_ms(), 3);
  EXPECT_EQ(response.timings().per_token_ms(), 4);
  EXPECT_EQ(response.timings().inter_token_p50_ms(), 5);
  EXPECT_EQ(response.timings().inter_token_p90_ms(), 6);
  EXPECT_EQ(response.timings().inter_token_p99_ms(), 7);
  EXPECT_EQ(response.timings().total_ms(), 8);
  EXPECT_EQ(response.timings().tokens_per_second(), 250);
  EXPECT_EQ(response.model(), "m");
  EXPECT_EQ(response.route().rule(), "fixed");
  EXPECT_EQ(response.route().reason(), "why");
  EXPECT_EQ(response.seed(), 9U);
  EXPECT_EQ(response.cost_usd(), 0.5);
  EXPECT_TRUE(response.no_chat_template());
}

TEST(InferenceProtoTest, LikelihoodsAreConverted) {
  assay::v1::LikelihoodRequest request;
  request.set_model("m");
  request.set_context("2 + 2 =");
  request.add_continuations(" 4");
  request.set_text("x");
  const LikelihoodCall call = ToCall(request);
  EXPECT_EQ(call.model, "m");
  EXPECT_EQ(call.context, "2 + 2 =");
  EXPECT_THAT(call.continuations, ElementsAre(" 4"));
  EXPECT_EQ(call.text, "x");
  EXPECT_FALSE(call.timeout.has_value());
  assay::v1::LikelihoodResponse response;
  ToProto(LikelihoodResult{.likelihoods = {{.log_likelihood = -1.5, .tokens = 2, .greedy = true}},
                           .model = "m"},
          &response);
  EXPECT_EQ(response.model(), "m");
  ASSERT_EQ(response.likelihoods_size(), 1);
  EXPECT_EQ(response.likelihoods(0).log_likelihood(), -1.5);
  EXPECT_EQ(response.likelihoods(0).tokens(), 2);
  EXPECT_TRUE(response.likelihoods(0).greedy());
}

}  // namespace
}  // namespace assay::server
