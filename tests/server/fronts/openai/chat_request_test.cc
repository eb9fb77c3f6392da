// Requests of the OpenAI API.
#include "server/fronts/openai/chat_request.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/fronts/openai/api_error.h"
#include "server/fronts/openai/request_fields.h"

namespace assay::server {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

Json Minimal() {
  return {{"model", "m"}, {"messages", Json::array({{{"role", "user"}, {"content", "Hi"}}})}};
}

TEST(ChatRequestTest, EveryFieldIsRead) {
  Json body = Minimal();
  body.update({{"messages",
                Json::array({{{"role", "developer"}, {"content", "Be brief."}},
                             {{"role", "user"},
                              {"content", Json::array({{{"type", "text"}, {"text", "Hello "}},
                                                       {{"type", "text"}, {"text", "there"}}})}},
                             {{"role", "assistant"},
                              {"content", nullptr},
                              {"tool_calls", Json::array({{{"id", "1"}}})}},
                             {{"role", "tool"}, {"content", "4"}, {"tool_call_id", "1"}}})},
               {"temperature", 0.5},
               {"top_p", 0.9},
               {"top_k", 7},
               {"min_p", 0.1},
               {"repetition_penalty", 1.1},
               {"presence_penalty", 0.2},
               {"frequency_penalty", -0.3},
               {"logit_bias", {{"42", -100}, {"7", 1.5}}},
               {"min_tokens", 3},
               {"seed", 9},
               {"stop", "END"},
               {"stop_token_ids", {5, 6}},
               {"ignore_eos", true},
               {"max_completion_tokens", 12},
               {"logprobs", true},
               {"top_logprobs", 2},
               {"user", "anna"},
               {"timeout", 2.5},
               {"stream", true},
               {"stream_options", {{"include_usage", true}}},
               {"tools", Json::array({{{"type", "function"}}})},
               {"tool_choice", "auto"},
               {"chat_template_kwargs", {{"enable_thinking", false}}},
               {"response_format", {{"type", "text"}}},
               {"n", 1},
               {"store", false}});
  const auto request = ReadChatRequest(body);
  ASSERT_TRUE(request.ok()) << request.status();
  const GenerateCall& call = request->call;
  EXPECT_EQ(call.model, "m");
  ASSERT_EQ(call.chat->size(), 4);
  EXPECT_EQ((*call.chat)[0].role, "system");
  EXPECT_EQ((*call.chat)[1].content, "Hello there");
  EXPECT_EQ((*call.chat)[2].fields_json, R"({"tool_calls":[{"id":"1"}]})");
  EXPECT_EQ((*call.chat)[3].fields_json, R"({"tool_call_id":"1"})");
  EXPECT_EQ(call.sampling.temperature, 0.5F);
  EXPECT_EQ(call.sampling.top_p, 0.9F);
  EXPECT_EQ(call.sampling.top_k, 7);
  EXPECT_EQ(call.sampling.min_p, 0.1F);
  EXPECT_EQ(call.sampling.repetition_penalty, 1.1F);
  EXPECT_EQ(call.sampling.presence_penalty, 0.2F);
  EXPECT_EQ(call.sampling.frequency_penalty, -0.3F);
  EXPECT_THAT(call.sampling.logit_bias,
              testing::UnorderedElementsAre(std::pair(42, -100.0F), std::pair(7, 1.5F)));
  EXPECT_EQ(call.sampling.min_tokens, 3);
  EXPECT_EQ(call.sampling.seed, 9);
  EXPECT_THAT(call.stop, ElementsAre("END"));
  EXPECT_THAT(call.stop_token_ids, ElementsAre(5, 6));
  EXPECT_TRUE(call.ignore_end_of_text);
  EXPECT_EQ(call.max_new_tokens, 12);
  EXPECT_EQ(call.log_probabilities, 2);
  EXPECT_EQ(call.routing_key, "anna");
  EXPECT_EQ(call.timeout, absl::Seconds(2.5));
  EXPECT_EQ(call.tools_json, R"([{"type":"function"}])");
  EXPECT_EQ(call.template_variables_json, R"({"enable_thinking":false})");
  EXPECT_TRUE(request->reply.stream);
  EXPECT_TRUE(request->reply.include_usage);
}

TEST(ChatRequestTest, NullIsAsGoodAsAbsent) {
  Json body = Minimal();
  for (const char* key : {"temperature", "stop", "max_tokens", "logit_bias", "tools", "n", "seed",
                          "response_format", "stream", "functions"}) {
    body[key] = nullptr;
  }
  const auto request = ReadChatRequest(body);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_FALSE(request->call.sampling.temperature.has_value());
  EXPECT_FALSE(request->reply.stream);
}

TEST(ChatRequestTest, WrongFieldsAreNamed) {
  const std::vector<std::pair<Json, const char*>> cases = {
      {{{"temperature", "hot"}}, "temperature"},
      {{{"max_tokens", 0}}, "max_tokens"},
      {{{"max_tokens", 1.5}}, "max_tokens"},
      {{{"max_tokens", 1e300}}, "max_tokens"},
      {{{"stop", {1, 2}}}, "stop"},
      {{{"stop_token_ids", {1, "a"}}}, "stop_token_ids"},
      {{{"logit_bias", {{"x", 1}}}}, "logit_bias"},
      {{{"logit_bias", Json::array({1})}}, "logit_bias"},
      {{{"n", 2}}, "n"},
      {{{"stream", "yes"}}, "stream"},
      {{{"stream_options", {{"include_usage", true}}}}, "stream_options"},
      {{{"stream", true}, {"stream_options", {{"continuous_usage_stats", true}}}},
       "stream_options"},
      {{{"top_logprobs", 3}}, "top_logprobs"},
      {{{"logprobs", true}, {"top_logprobs", 21}}, "top_logprobs"},
      {{{"response_format", {{"type", "json_object"}}}}, "response_format"},
      {{{"tool_choice", "required"}}, "tool_choice"},
      {{{"functions", Json::array()}}, "functions"},
      {{{"messages", "Hi"}}, "messages"},
      {{{"messages", nullptr}}, "messages"},
      {{{"messages", Json::array({1})}}, "messages[0]"},
      {{{"messages", Json::array({{{"content", "Hi"}}})}}, "messages[0].role"},
      {{{"messages", Json::array({{{"role", "user"}, {"content", 5}}})}}, "messages[0].content"},
      {{{"messages", Json::array({{{"role", "user"}, {"contents", "Hi"}}})}},
       "messages[0].contents"},
      {{{"messages",
         Json::array({{{"role", "user"}, {"content", Json::array({{{"type", "image_url"}}})}}})}},
       "messages[0].content[0].type"},
      {{{"timeout", -1}}, "timeout"},
      {{{"max_token", 5}}, "max_token"},
  };
  for (const auto& [change, param] : cases) {
    Json body = Minimal();
    body.update(change);
    const absl::Status status = ReadChatRequest(body).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << change;
    EXPECT_EQ(ParamOf(status), param) << status;
    const Json error = ErrorBody(status)["error"];
    EXPECT_EQ(error["param"], param);
    EXPECT_EQ(error["type"], "invalid_request_error");
  }
}

TEST(ChatRequestTest, AutoChoosesARoute) {
  Json body = Minimal();
  body["model"] = "auto";
  EXPECT_EQ(ReadChatRequest(body)->call.model, "");
  EXPECT_EQ(ReadChatRequest(body)->call.content_type, "");
  body["model"] = "auto:linkedin";
  EXPECT_EQ(ReadChatRequest(body)->call.model, "");
  EXPECT_EQ(ReadChatRequest(body)->call.content_type, "linkedin");
}

TEST(CompletionRequestTest, PromptsHaveFourForms) {
  const auto read = [](const Json& prompt) {
    return ReadCompletionRequest({{"model", "m"}, {"prompt", prompt}, {"max_tokens", 5}});
  };
  const auto text = read("Once");
  ASSERT_TRUE(text.ok()) << text.status();
  ASSERT_EQ(text->calls.size(), 1);
  EXPECT_EQ(text->calls[0].prompt, "Once");
  EXPECT_TRUE(text->calls[0].raw);
  EXPECT_EQ(text->calls[0].max_new_tokens, 5);
  const auto texts = read({"a", "b"});
  ASSERT_EQ(texts->calls.size(), 2);
  EXPECT_EQ(texts->calls[1].prompt, "b");
  const auto tokens = read({1, 2, 3});
  ASSERT_EQ(tokens->calls.size(), 1);
  EXPECT_THAT(*tokens->calls[0].prompt_tokens, ElementsAre(1, 2, 3));
  const auto lists = read(Json::array({Json::array({1, 2}), Json::array({3})}));
  ASSERT_EQ(lists->calls.size(), 2);
  EXPECT_THAT(*lists->calls[1].prompt_tokens, ElementsAre(3));
  for (const Json& wrong : {Json(), Json(5), Json::array(), Json::array({"a", 1}),
                            Json::array({1, "a"}), Json::array({-1})}) {
    EXPECT_EQ(ParamOf(read(wrong).status()), "prompt") << wrong;
  }
}

TEST(ApiErrorTest, CodesHaveTheirStatus) {
  const std::vector<std::pair<absl::Status, int>> cases = {
      {absl::InvalidArgumentError("a"), 400},   {absl::UnauthenticatedError("a"), 401},
      {absl::PermissionDeniedError("a"), 403},  {absl::NotFoundError("a"), 404},
      {absl::ResourceExhaustedError("a"), 429}, {absl::InternalError("a"), 500},
      {absl::UnavailableError("a"), 503},       {absl::DeadlineExceededError("a"), 504}};
  for (const auto& [status, http] : cases) {
    const HttpResponse response = ErrorResponse(status);
    EXPECT_EQ(response.status, http) << status;
    EXPECT_EQ(Json::parse(response.body)["error"]["message"], "a");
    const bool retries = http == 429 || http == 503;
    EXPECT_EQ(response.headers.size(), retries ? 2 : 0) << status;
  }
  // A message that quotes bytes of the request.
  EXPECT_THAT(ErrorResponse(absl::InvalidArgumentError("\xff")).body, HasSubstr("message"));
}

}  // namespace
}  // namespace assay::server
