// Recording of prompts, and the service that lists and deletes them.
#include "server/recording/prompt_recorder.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "server/grpc_server.h"
#include "server/rpc/call_runner.h"
#include "server/services/prompt_log_service.h"
#include "tests/patience.h"
#include "tests/temp_folder.h"

namespace assay::server {
namespace {

using ::testing::HasSubstr;

const absl::Duration kPatience = Patience();

// The service behind a real server.
class ServedPromptLog {
 public:
  explicit ServedPromptLog(PromptRecorder* recorder)
      : calls_({}, &access_, nullptr, nullptr), service_(&calls_, recorder) {
    auto server = GrpcServer::Start({.listen = "127.0.0.1:0", .on_call = [](const CallRecord&) {}},
                                    {&service_});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stub_ = assay::v1::PromptLogService::NewStub(
        grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials()));
  }

  grpc::Status List(const assay::v1::ListPromptsRequest& request,
                    assay::v1::ListPromptsResponse* reply) {
    grpc::ClientContext context;
    return stub_->ListPrompts(&context, request, reply);
  }
  grpc::Status Delete(const assay::v1::DeletePromptsRequest& request,
                      assay::v1::DeletePromptsResponse* reply) {
    grpc::ClientContext context;
    return stub_->DeletePrompts(&context, request, reply);
  }

 private:
  const AccessControl access_{{}, nullptr};
  CallRunner calls_;
  PromptLogServiceImpl service_;
  std::unique_ptr<GrpcServer> server_;
  std::unique_ptr<assay::v1::PromptLogService::Stub> stub_;
};

class PromptRecorderTest : public testing::Test {
 protected:
  std::unique_ptr<PromptRecorder> Open(RecorderOptions options) {
    auto recorder = PromptRecorder::Create(folder_ / "runs.db", std::move(options));
    EXPECT_TRUE(recorder.ok()) << recorder.status();
    return recorder.ok() ? *std::move(recorder) : nullptr;
  }

  static RequestRecord Record(const GenerateCall& call, const std::string& id = "r1") {
    return {.context = {.request_id = id, .method = "assay.v1.InferenceService/Generate"},
            .model = "tiny",
            .content_type = "email",
            .rule = "fixed",
            .arrival = absl::Now(),
            .call = &call};
  }

  static evaluator::PromptPage All(PromptRecorder& recorder) {
    recorder.Flush(kPatience);
    const auto page = recorder.store().List({}, 0, 1000, int64_t{1} << 30);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *page : evaluator::PromptPage{};
  }

  TempFolder folder_;
};

TEST_F(PromptRecorderTest, NothingIsRecordedByDefault) {
  const auto recorder = Open({});
  const GenerateCall call{.prompt = "secret"};
  recorder->OnRequest(Record(call));
  EXPECT_EQ(All(*recorder).total, 0);
}

TEST_F(PromptRecorderTest, PromptsAreRedactedBeforeTheyAreStored) {
  const auto recorder = Open({.config = {.prompts = true}});
  const GenerateCall call{.prompt = "Thank ann@example.com for 4111 1111 1111 1111"};
  recorder->OnRequest(Record(call));
  const evaluator::PromptPage page = All(*recorder);
  ASSERT_EQ(page.prompts.size(), 1U);
  EXPECT_EQ(page.prompts[0].prompt, "Thank [email] for [card]");
  EXPECT_EQ(page.prompts[0].redactions, 2);
  EXPECT_TRUE(page.prompts[0].redacted);
  EXPECT_EQ(page.prompts[0].content_type, "email");
  EXPECT_EQ(page.prompts[0].rule, "fixed");
  EXPECT_EQ(recorder->counts().recorded, 1);
}

TEST_F(PromptRecorderTest, OnlySimpleRequestsThatSucceededAreRecorded) {
  GenerateCall chat;
  chat.chat = std::vector<ChatMessage>{{.role = "system", .content = "Be brief."},
                                       {.role = "user", .content = "Hello"}};
  EXPECT_EQ(ToRecordedPrompt(Record(chat)).system, "Be brief.");
  EXPECT_EQ(ToRecordedPrompt(Record(chat)).prompt, "Hello");
  chat.chat->push_back({.role = "assistant", .content = "Hi"});
  EXPECT_EQ(ToRecordedPrompt(Record(chat)).prompt, "");
  const GenerateCall raw{.prompt = "Once", .raw = true};
  EXPECT_EQ(ToRecordedPrompt(Record(raw)).prompt, "");
  const GenerateCall plain{.prompt = "Hello"};
  RequestRecord failed = Record(plain);
  failed.status = absl::InternalError("no");
  EXPECT_EQ(ToRecordedPrompt(failed).prompt, "");
  RequestRecord own = Record(plain);
  own.context.method.clear();
  EXPECT_EQ(ToRecordedPrompt(own).prompt, "");
  const GenerateCall large{.prompt = std::string(kMaxRecordedBytes + 1, 'a')};
  EXPECT_EQ(ToRecordedPrompt(Record(large)).prompt, "");
}

TEST_F(PromptRecorderTest, AFullQueueDropsAndCounts) {
  const auto recorder =
      Open({.config = {.prompts = true}, .queue_size = 2, .batch_interval = absl::Hours(1)});
  const GenerateCall call{.prompt = "Hello"};
  for (int i = 0; i < 5; ++i) recorder->OnRequest(Record(call));
  EXPECT_EQ(recorder->counts().dropped, 3);
  EXPECT_EQ(All(*recorder).total, 2);
}

// 400 draws with a probability of 0.25: 60 to 140 has more than 4 standard deviations.
TEST_F(PromptRecorderTest, TheRatioIsRespected) {
  const auto recorder = Open({.config = {.prompts = true, .sample_ratio = 0.25}});
  const GenerateCall call{.prompt = "Hello"};
  for (int i = 0; i < 400; ++i) recorder->OnRequest(Record(call));
  const int64_t total = All(*recorder).total;
  EXPECT_GT(total, 60);
  EXPECT_LT(total, 140);
}

TEST_F(PromptRecorderTest, OldAndSurplusPromptsAreRemoved) {
  const auto recorder =
      Open({.config = {.prompts = true, .max_prompts = 3, .max_age = absl::Hours(1)}});
  const GenerateCall call{.prompt = "Hello"};
  RequestRecord old = Record(call, "old");
  old.arrival = absl::Now() - absl::Hours(2);
  recorder->OnRequest(old);
  EXPECT_EQ(All(*recorder).total, 0);
  for (int i = 0; i < 5; ++i) recorder->OnRequest(Record(call, absl::StrCat("r", i)));
  const evaluator::PromptPage page = All(*recorder);
  ASSERT_EQ(page.prompts.size(), 3U);
  EXPECT_EQ(page.prompts.front().request_id, "r4");
  EXPECT_EQ(page.prompts.back().request_id, "r2");
}

TEST_F(PromptRecorderTest, TheServiceListsInPagesAndDeletes) {
  const auto recorder = Open({.config = {.prompts = true}});
  const GenerateCall call{.prompt = "Hello"};
  for (int i = 0; i < 5; ++i) recorder->OnRequest(Record(call, absl::StrCat("r", i)));
  ServedPromptLog service(recorder.get());
  assay::v1::ListPromptsRequest request;
  request.set_content_type("email");
  request.set_limit(2);
  std::vector<std::string> ids;
  do {
    assay::v1::ListPromptsResponse reply;
    ASSERT_TRUE(service.List(request, &reply).ok());
    EXPECT_EQ(reply.total(), 5);
    EXPECT_TRUE(reply.recording());
    for (const assay::v1::RecordedPrompt& prompt : reply.prompts()) {
      ids.push_back(prompt.request_id());
    }
    request.set_page_token(reply.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, testing::ElementsAre("r4", "r3", "r2", "r1", "r0"));
  request.set_page_token("x");
  assay::v1::ListPromptsResponse reply;
  EXPECT_THAT(service.List(request, &reply).error_message(), HasSubstr("page_token: "));

  assay::v1::DeletePromptsRequest deletion;
  assay::v1::DeletePromptsResponse deleted;
  EXPECT_THAT(service.Delete(deletion, &deleted).error_message(),
              HasSubstr("all: is false and no filter is set"));
  deletion.set_request_id("r3");
  ASSERT_TRUE(service.Delete(deletion, &deleted).ok());
  EXPECT_EQ(deleted.deleted(), 1);
  deletion.Clear();
  deletion.set_all(true);
  ASSERT_TRUE(service.Delete(deletion, &deleted).ok());
  EXPECT_EQ(deleted.deleted(), 4);
  EXPECT_EQ(All(*recorder).total, 0);
}

// A reply must stay below gRPC's limit of 4 MiB.
TEST_F(PromptRecorderTest, PagesOfLongPromptsAreShort) {
  const auto recorder = Open({.config = {.prompts = true, .redact = false}});
  const GenerateCall call{.prompt = std::string(kMaxRecordedBytes, 'a')};
  for (int i = 0; i < 80; ++i) recorder->OnRequest(Record(call));
  recorder->Flush(kPatience);
  ServedPromptLog service(recorder.get());
  assay::v1::ListPromptsRequest request;
  request.set_limit(1000);
  assay::v1::ListPromptsResponse reply;
  ASSERT_TRUE(service.List(request, &reply).ok());
  EXPECT_LT(reply.ByteSizeLong(), size_t{4} << 20);
  EXPECT_GT(reply.prompts_size(), 10);
  EXPECT_FALSE(reply.next_page_token().empty());
  EXPECT_FALSE(reply.prompts(0).redacted());
}

}  // namespace
}  // namespace assay::server
