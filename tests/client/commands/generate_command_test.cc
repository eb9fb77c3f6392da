// assay generate, against a scripted server.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/terminal/exit_code.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/commands/fake_daemon.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class GenerateTest : public ::testing::Test {
 protected:
  GenerateTest() {
    daemon_.inference.stream = [this](grpc::ServerContext&, const v1::GenerateRequest& request,
                                      Writer<v1::GenerateStreamResponse>& writer) {
      seen_ = request;
      v1::GenerateStreamResponse event;
      event.mutable_started()->set_model("tiny");
      writer.Write(event);
      for (const std::string& piece : pieces_) {
        event.mutable_delta()->set_text(piece);
        writer.Write(event);
      }
      *event.mutable_completed() = Reply();
      writer.Write(event);
      return grpc::Status::OK;
    };
    daemon_.inference.generate = [this](const v1::GenerateRequest& request,
                                        v1::GenerateResponse& reply) {
      seen_ = request;
      reply = Reply();
      return grpc::Status::OK;
    };
  }

  v1::GenerateResponse Reply() const {
    v1::GenerateResponse reply;
    for (const std::string& piece : pieces_) reply.mutable_text()->append(piece);
    reply.set_model("tiny");
    reply.mutable_route()->set_reason("linkedin is routed to tiny");
    reply.mutable_usage()->set_prompt_tokens(5);
    reply.mutable_usage()->set_completion_tokens(2);
    reply.mutable_timings()->set_first_token_ms(12.4);
    reply.mutable_timings()->set_tokens_per_second(48.76);
    reply.set_cost_usd(0.0000017);
    reply.set_seed(7);
    return reply;
  }

  void FailWith(grpc::Status status) {
    daemon_.inference.stream = [status](auto&, auto&, auto&) { return status; };
  }

  std::vector<std::string> pieces_ = {"Hello", " world"};
  v1::GenerateRequest seen_;
  FakeDaemon daemon_;
};

TEST_F(GenerateTest, TextGoesToOutAndTheSummaryToErr) {
  const CliResult result = daemon_.Run({"generate", "hi"});
  EXPECT_EQ(result.code, kExitOk);
  EXPECT_EQ(result.out, "Hello world\n");
  for (const char* part : {"tiny", "linkedin is routed to tiny", "5 + 2 tokens", "12 ms",
                           "48.8 tok/s", "$0.0000017", "seed 7"}) {
    EXPECT_THAT(result.err, HasSubstr(part));
  }
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b")));
}

TEST_F(GenerateTest, EveryOptionReachesTheServer) {
  const CliResult result = daemon_.Run({"generate",
                                        "--model",
                                        "m",
                                        "--content-type",
                                        "c",
                                        "--system",
                                        "be brief",
                                        "--max-new-tokens",
                                        "9",
                                        "--temperature",
                                        "0",
                                        "--top-p",
                                        "0.9",
                                        "--top-k",
                                        "40",
                                        "--seed",
                                        "18446744073709551615",
                                        "--stop",
                                        "END",
                                        "--stop",
                                        "###",
                                        "the prompt"});
  ASSERT_EQ(result.code, kExitOk) << result.err;
  EXPECT_EQ(seen_.model(), "m");
  EXPECT_EQ(seen_.content_type(), "c");
  ASSERT_EQ(seen_.chat().messages_size(), 2);
  EXPECT_EQ(seen_.chat().messages(0).role(), "system");
  EXPECT_EQ(seen_.chat().messages(0).content(), "be brief");
  EXPECT_EQ(seen_.chat().messages(1).content(), "the prompt");
  EXPECT_EQ(seen_.max_new_tokens(), 9);
  EXPECT_TRUE(seen_.sampling().has_temperature());
  EXPECT_FLOAT_EQ(seen_.sampling().top_p(), 0.9F);
  EXPECT_EQ(seen_.sampling().top_k(), 40);
  EXPECT_EQ(seen_.sampling().seed(), 18446744073709551615U);
  EXPECT_THAT(seen_.stop(), ElementsAre("END", "###"));
}

TEST_F(GenerateTest, ConversationWithToolsReachesTheServerWithItsKeysInOrder) {
  const std::string tools =
      ::testing::TempDir() + "/assay_tools_" + std::to_string(getpid()) + ".json";
  // A number beyond 64 bits must arrive as it is.
  const std::string list =
      R"([{"type": "function", "function": {"name": "w", "a": 18446744073709551616}}])";
  std::ofstream(tools) << list;
  const CliResult result =
      daemon_.Run({"generate", "--messages", "-", "--tools", tools, "--set",
                   "enable_thinking=false", "--set", "date=24 Nov 2026", "--set", "n=[1, 2]"},
                  {.in = R"([{"role": "user", "content": "Weather?"},
                             {"role": "assistant", "content": null, "tool_calls": [{"z": 1, "a": 2}]},
                             {"content": "é21", "role": "tool", "tool_call_id": "c1"}])"});
  std::remove(tools.c_str());
  ASSERT_EQ(result.code, kExitOk) << result.err;
  ASSERT_EQ(seen_.chat().messages_size(), 3);
  EXPECT_EQ(seen_.chat().messages(0).content(), "Weather?");
  EXPECT_EQ(seen_.chat().messages(0).fields_json(), "");
  EXPECT_EQ(seen_.chat().messages(1).role(), "assistant");
  EXPECT_EQ(seen_.chat().messages(1).fields_json(),
            R"({"content":null,"tool_calls":[{"z":1,"a":2}]})");
  EXPECT_EQ(seen_.chat().messages(2).content(), "é21");
  EXPECT_EQ(seen_.chat().messages(2).fields_json(), R"({"tool_call_id":"c1"})");
  EXPECT_EQ(seen_.tools_json(), list);
  EXPECT_EQ(seen_.template_variables_json(),
            R"({"enable_thinking":false,"date":"24 Nov 2026","n":[1, 2]})");
}

TEST_F(GenerateTest, BadConversationsAreUsageErrors) {
  const auto error = [&](const std::string& in, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"generate", "--messages", "-"};
    words.insert(words.end(), more.begin(), more.end());
    const CliResult result = daemon_.Run(words, {.in = in});
    EXPECT_EQ(result.code, kExitUsage) << in;
    return result.err;
  };
  EXPECT_THAT(error("[{"), HasSubstr("-: is not JSON"));
  EXPECT_THAT(error("{}"), HasSubstr("is not a JSON list"));
  EXPECT_THAT(error("[1]"), HasSubstr("message 1: is not an object"));
  EXPECT_THAT(error(R"([{"role": "user"}, {"content": "x"}])"),
              HasSubstr("message 2: \"role\" must be a string"));
  EXPECT_THAT(error(std::string(1000, '[')), HasSubstr("is not JSON"));
  const std::string good = R"([{"role": "user", "content": "x"}])";
  EXPECT_THAT(error(good, {"--set", "enable_thinking"}), HasSubstr("must be NAME=VALUE"));
  EXPECT_THAT(error(good, {"--system", "be brief"}), HasSubstr("--system"));
  EXPECT_THAT(error(good, {"--tools", "/no/such"}), HasSubstr("/no/such: cannot be opened"));
}

TEST_F(GenerateTest, UnsetSamplingOptionsAreNotSent) {
  daemon_.Run({"generate", "--raw", "x"});
  EXPECT_FALSE(seen_.sampling().has_temperature());
  EXPECT_FALSE(seen_.sampling().has_seed());
  EXPECT_TRUE(seen_.raw());
}

TEST_F(GenerateTest, TemplateAndSpecialTokensAreSent) {
  daemon_.Run({"generate", "--chat-template", "rag", "--parse-special", "--model-sampling", "x"});
  EXPECT_EQ(seen_.chat_template(), "rag");
  EXPECT_TRUE(seen_.parse_special());
  EXPECT_TRUE(seen_.sampling().model_defaults());
  daemon_.Run({"generate", "x"});
  EXPECT_FALSE(seen_.parse_special());
  EXPECT_FALSE(seen_.sampling().has_model_defaults());
}

TEST_F(GenerateTest, PromptIsReadFromStandardInput) {
  daemon_.Run({"generate", "-"}, {.in = "line 1\nline 2"});
  EXPECT_EQ(seen_.prompt(), "line 1\nline 2");
}

TEST_F(GenerateTest, PromptIsReadFromAFile) {
  const std::string path = ::testing::TempDir() + "/assay_prompt.txt";
  std::ofstream(path) << "from a file";
  daemon_.Run({"generate", "-f", path});
  EXPECT_EQ(seen_.prompt(), "from a file");
  std::remove(path.c_str());
}

TEST_F(GenerateTest, MissingFileIsAUsageError) {
  const CliResult result = daemon_.Run({"generate", "-f", "/no/such/file"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_EQ(result.err, "assay: INVALID_ARGUMENT: /no/such/file: cannot be opened\n");
}

TEST_F(GenerateTest, PromptOverOneMebibyteIsAUsageError) {
  const CliResult result = daemon_.Run({"generate", "-"}, {.in = std::string((1 << 20) + 1, 'x')});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("standard input: longer than 1048576 bytes"));
}

TEST_F(GenerateTest, JsonStreamIsOneEventPerLine) {
  const CliResult result = daemon_.Run({"--json", "generate", "hi"});
  std::istringstream lines(result.out);
  std::vector<nlohmann::json> events;
  for (std::string line; std::getline(lines, line);) events.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0]["started"]["model"], "tiny");
  EXPECT_EQ(events[1]["delta"], nlohmann::json({{"text", "Hello"}}));
  EXPECT_EQ(events[3]["completed"]["usage"]["promptTokens"], 5);
  EXPECT_EQ(result.err, "");
}

TEST_F(GenerateTest, JsonWithoutStreamIsOneDocument) {
  const CliResult result = daemon_.Run({"generate", "hi", "--no-stream", "--json"});
  EXPECT_EQ(nlohmann::json::parse(result.out)["text"], "Hello world");
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 1);
}

TEST_F(GenerateTest, ModelTextCannotSendEscapesToATerminal) {
  pieces_ = {"a\x1b[2J",
             "b\xC2\x9B"
             "c"};
  EXPECT_EQ(daemon_.Run({"generate", "x"}, {.out_is_terminal = true}).out, "a[2Jbc\n");
  EXPECT_EQ(daemon_.Run({"generate", "--no-stream", "x"}, {.out_is_terminal = true}).out,
            "a[2Jbc\n");
}

TEST_F(GenerateTest, PipedTextIsUnchanged) {
  pieces_ = {"a\x1b[2J"};
  EXPECT_EQ(daemon_.Run({"generate", "x"}).out, "a\x1b[2J\n");
}

TEST_F(GenerateTest, ColorOnlyOnATerminalWithoutNoColor) {
  EXPECT_THAT(daemon_.Run({"generate", "x"}, {.err_is_terminal = true}).err, HasSubstr("\x1b[1m"));
  EXPECT_THAT(daemon_.Run({"generate", "x"}, {.err_is_terminal = true, .color = false}).err,
              Not(HasSubstr("\x1b")));
}

TEST_F(GenerateTest, StatusCodesBecomeExitCodes) {
  const std::vector<std::pair<grpc::StatusCode, int>> codes = {
      {grpc::StatusCode::INTERNAL, kExitFailed},
      {grpc::StatusCode::FAILED_PRECONDITION, kExitFailed},
      {grpc::StatusCode::INVALID_ARGUMENT, kExitUsage},
      {grpc::StatusCode::NOT_FOUND, kExitNotFound},
      {grpc::StatusCode::RESOURCE_EXHAUSTED, kExitTryAgain},
      {grpc::StatusCode::UNAVAILABLE, kExitTryAgain},
      {grpc::StatusCode::DEADLINE_EXCEEDED, kExitDeadline}};
  for (const auto& [code, exit_code] : codes) {
    FailWith({code, "because"});
    EXPECT_EQ(daemon_.Run({"generate", "x"}).code, exit_code) << code;
  }
}

TEST_F(GenerateTest, ErrorIsOneLineWithItsCode) {
  FailWith({grpc::StatusCode::INVALID_ARGUMENT, "top_p is 7\n\x1b[31m"});
  EXPECT_EQ(daemon_.Run({"generate", "x"}).err, "assay: INVALID_ARGUMENT: top_p is 7 [31m\n");
}

TEST_F(GenerateTest, RequestIdAndTraceOfTheCallerReachTheServer) {
  std::map<std::string, std::string> metadata;
  daemon_.inference.stream = [&metadata](grpc::ServerContext& context, auto&, auto&) {
    metadata.clear();
    for (const auto& [key, value] : context.client_metadata()) {
      metadata[std::string(key.data(), key.size())] = std::string(value.data(), value.size());
    }
    return grpc::Status(grpc::StatusCode::INTERNAL, "broke");
  };
  constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  setenv("TRACEPARENT", kTrace, 1);
  setenv("TRACESTATE", "vendor=1", 1);
  const CliResult result = daemon_.Run({"--request-id", "r-1", "generate", "x"});
  setenv("TRACEPARENT", "no\nheader", 1);
  const CliResult drawn = daemon_.Run({"generate", "x"});
  unsetenv("TRACEPARENT");
  unsetenv("TRACESTATE");
  EXPECT_EQ(result.err, "assay: INTERNAL: broke [request r-1]\n");
  EXPECT_FALSE(metadata.contains("traceparent"));
  EXPECT_EQ(metadata["x-request-id"].size(), 16U);
  EXPECT_EQ(drawn.err, "assay: INTERNAL: broke [request " + metadata["x-request-id"] + "]\n");
  setenv("TRACEPARENT", kTrace, 1);
  daemon_.Run({"generate", "x"});
  unsetenv("TRACEPARENT");
  EXPECT_EQ(metadata["traceparent"], kTrace);
}

TEST_F(GenerateTest, RequestIdMustBeVisibleAscii) {
  const CliResult result = daemon_.Run({"--request-id", "a b", "generate", "x"});
  EXPECT_EQ(result.code, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("--request-id"));
}

TEST_F(GenerateTest, TimeoutBecomesADeadline) {
  daemon_.inference.stream = [](grpc::ServerContext& context, auto&, auto&) {
    while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return grpc::Status::CANCELLED;
  };
  const CliResult result = daemon_.Run({"--timeout", "0.3", "generate", "x"});
  EXPECT_EQ(result.code, kExitDeadline);
  EXPECT_THAT(result.err, HasSubstr("DEADLINE_EXCEEDED"));
}

TEST_F(GenerateTest, InterruptCancelsTheCallOnTheServer) {
  std::atomic<bool> cancelled = false;
  daemon_.inference.stream = [&](grpc::ServerContext& context, auto&, auto& writer) {
    v1::GenerateStreamResponse event;
    event.mutable_delta()->set_text("half a");
    writer.Write(event);
    daemon_.interrupt.Raise();
    while (!context.IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    cancelled = true;
    return grpc::Status::CANCELLED;
  };
  EXPECT_EQ(daemon_.Run({"generate", "x"}).code, kExitInterrupted);
  // The server may see the cancellation after the client has returned.
  for (int i = 0; i < 1000 && !cancelled; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_TRUE(cancelled);
}

TEST(UnreachableTest, ErrorHasAHint) {
  Interrupt interrupt;
  const CliResult result = RunWords({"--address", "127.0.0.1:1", "generate", "x"}, interrupt);
  EXPECT_EQ(result.code, kExitUnreachable);
  EXPECT_EQ(result.err,
            "assay: UNREACHABLE: no server answers at 127.0.0.1:1 (is assayd running? start it "
            "with `make demo`, set ASSAY_ADDRESS, or give --ca if it uses TLS)\n");
}

TEST_F(GenerateTest, NoteAboutABaseModelAppearsOnlyOnATerminal) {
  for (const bool base : {true, false}) {
    daemon_.inference.generate = [&](const v1::GenerateRequest&, v1::GenerateResponse& reply) {
      reply = Reply();
      reply.set_no_chat_template(base);
      return grpc::Status::OK;
    };
    for (const bool terminal : {true, false}) {
      const CliResult result =
          daemon_.Run({"generate", "--no-stream", "x"}, {.err_is_terminal = terminal});
      EXPECT_EQ(result.code, kExitOk);
      if (base && terminal) {
        EXPECT_THAT(result.err, HasSubstr("note: tiny is a base model without a chat template"));
      } else {
        EXPECT_THAT(result.err, Not(HasSubstr("note:")));
      }
    }
  }
}

}  // namespace
}  // namespace assay::client
