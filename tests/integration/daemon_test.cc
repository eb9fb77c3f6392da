// Tests the real daemon with the real model through gRPC stubs.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/evaluation.grpc.pb.h"
#include "assay/v1/inference.grpc.pb.h"
#include "assay/v1/model.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/integration/daemon_fixture.h"
#include "tests/integration/daemon_process.h"
#include "tests/patience.h"
#include "tests/temp_folder.h"

namespace assay {
namespace {

using testing::HasSubstr;

TEST_F(DaemonTest, StreamingAndUnaryReturnTheSameText) {
  Start();
  ASSERT_TRUE(Generate(Request(16)).ok());
  grpc::ClientContext context;
  auto reader = inference_->GenerateStream(&context, Request(16));
  v1::GenerateStreamResponse event;
  std::string streamed;
  std::string completed;
  bool started = false;
  while (reader->Read(&event)) {
    if (event.has_started()) started = true;
    if (event.has_delta()) streamed += event.delta().text();
    if (event.has_completed()) completed = event.completed().text();
  }
  ASSERT_TRUE(reader->Finish().ok());
  EXPECT_TRUE(started);
  EXPECT_EQ(streamed, completed);
  EXPECT_EQ(completed, response_.text());
  EXPECT_FALSE(completed.empty());
}

// Drafts give several tokens at once, and writing a message takes longer than a token.
TEST_F(DaemonTest, WithoutAnIntervalEachTokenIsAMessage) {
  Start("", "limits: { stream_interval: 0 }\n");
  v1::GenerateRequest request = Request(64);
  request.set_prompt(
      "Repeat: one fish, two fish, red fish, blue fish, one fish, two fish, red fish, blue fish");
  grpc::ClientContext context;
  auto reader = inference_->GenerateStream(&context, request);
  v1::GenerateStreamResponse event;
  int messages = 0;
  while (reader->Read(&event)) {
    if (!event.has_delta()) continue;
    ++messages;
    EXPECT_EQ(event.delta().tokens_size(), 1) << event.delta().text();
  }
  ASSERT_TRUE(reader->Finish().ok());
  EXPECT_GT(messages, 8);
  EXPECT_EQ(messages, event.completed().usage().completion_tokens());
}

TEST_F(DaemonTest, AMistypedContentTypeIsRefused) {
  Start();
  v1::GenerateRequest request = Request(1);
  request.clear_model();
  request.set_content_type("linkdin");
  const grpc::Status refused = Generate(request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("did you mean 'linkedin'? known are blog, "));
  daemon_.reset();
  Start("", "routing: { unknown: default }\n");
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.route().rule(), "default");
}

TEST_F(DaemonTest, CancelledStreamFreesTheModelImmediately) {
  Start();
  ASSERT_TRUE(Generate(Request(1)).ok());
  grpc::ClientContext context;
  v1::GenerateRequest request = Request(400);
  request.set_prompt("Write a very long story.");
  auto reader = inference_->GenerateStream(&context, request);
  v1::GenerateStreamResponse event;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(reader->Read(&event));
  context.TryCancel();
  while (reader->Read(&event)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // The next request finds an idle model: it waits for at most one token, not for 400.
  ASSERT_TRUE(Generate(Request(1)).ok());
  EXPECT_LT(response_.timings().queue_ms(), 2000);
}

TEST_F(DaemonTest, LoadsUnloadsAndLoadsOnFirstRequest) {
  Start(Entry("second", DaemonProcess::TestModel()));
  ASSERT_TRUE(Load("small").ok());
  ASSERT_TRUE(Load("second").ok());
  EXPECT_EQ(StateOf("small"), v1::MODEL_STATE_READY);
  EXPECT_EQ(StateOf("second"), v1::MODEL_STATE_READY);

  grpc::ClientContext context;
  v1::UnloadModelRequest unload;
  unload.set_id("small");
  v1::UnloadModelResponse unloaded;
  ASSERT_TRUE(models_->UnloadModel(&context, unload, &unloaded).ok());
  EXPECT_GT(unloaded.freed_bytes(), 50 << 20);
  EXPECT_EQ(StateOf("small"), v1::MODEL_STATE_UNLOADED);

  ASSERT_TRUE(Generate(Request()).ok());
  EXPECT_EQ(StateOf("small"), v1::MODEL_STATE_READY);
}

TEST_F(DaemonTest, TwoModelsAlternateInABudgetForOne) {
  // Each model uses about 300 MiB, including the KV cache of 8192 tokens.
  Start(Entry("second", DaemonProcess::TestModel()), "memory_budget: 400MiB\n");
  std::atomic<int> failed = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      for (int n = 0; n < 3; ++n) {
        grpc::ClientContext context;
        v1::GenerateRequest request = Request(24);
        request.set_model((i + n) % 2 == 0 ? "small" : "second");
        v1::GenerateResponse response;
        const grpc::Status status = inference_->Generate(&context, request, &response);
        if (!status.ok()) ++failed;
        EXPECT_TRUE(status.ok()) << status.error_message();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(failed, 0);
  grpc::ClientContext context;
  v1::ListModelsResponse list;
  ASSERT_TRUE(models_->ListModels(&context, {}, &list).ok());
  EXPECT_EQ(list.budget_bytes(), int64_t{400} << 20);
  EXPECT_LE(list.used_bytes(), list.budget_bytes());
  EXPECT_GE(list.models(0).evictions() + list.models(1).evictions(), 2);
}

TEST_F(DaemonTest, ReloadAppliesAValidCatalogAndIgnoresABrokenOne) {
  Start();
  ASSERT_TRUE(Load("small").ok());
  const std::string small = Entry("small", DaemonProcess::TestModel(), "linkedin");
  daemon_->WriteCatalog(
      absl::StrCat("models:\n", small, Entry("added", DaemonProcess::TestModel(), "email")));
  {
    grpc::ClientContext context;
    v1::ReloadCatalogResponse report;
    ASSERT_TRUE(models_->ReloadCatalog(&context, {}, &report).ok());
    EXPECT_THAT(report.added(), testing::ElementsAre("added"));
    EXPECT_EQ(report.reloaded_size(), 0);
  }
  EXPECT_EQ(StateOf("small"), v1::MODEL_STATE_READY);
  v1::GenerateRequest email = Request(2);
  email.clear_model();
  email.set_content_type("email");
  ASSERT_TRUE(Generate(email).ok());
  EXPECT_EQ(response_.model(), "added");

  daemon_->WriteCatalog(absl::StrCat("models:\n", small, "  - { id: small }\n"));
  daemon_->Signal(SIGHUP);
  const absl::Time end = absl::Now() + Patience();
  while (daemon_->Log().find("models.yaml:3") == std::string::npos && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_THAT(daemon_->Log(), HasSubstr("models.yaml:3"));
  grpc::ClientContext context;
  v1::ReloadCatalogResponse report;
  EXPECT_EQ(models_->ReloadCatalog(&context, {}, &report).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(StateOf("added"), v1::MODEL_STATE_READY);
  EXPECT_TRUE(Generate(Request(1)).ok());
}

TEST_F(DaemonTest, ErrorsHaveTheRightCodeAndCause) {
  const TempFolder folder;
  const std::string text_file = folder.Write("not_a_model.gguf", "This is not a model.\n");
  const std::string cut_file = folder / "cut.gguf";
  {
    std::ifstream whole(DaemonProcess::TestModel(), std::ios::binary);
    std::vector<char> bytes(20 << 20);
    whole.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std::ofstream(cut_file, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  Start(Entry("text", text_file) + Entry("cut", cut_file) + Entry("gone", "/nonexistent/m.gguf"));

  grpc::Status status = Load("text");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("not_a_model.gguf"));
  status = Load("cut");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), HasSubstr("cut.gguf"));
  status = Load("gone");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("/nonexistent/m.gguf"));
  EXPECT_EQ(StateOf("cut"), v1::MODEL_STATE_FAILED);

  status = Load("nobody");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("small"));

  v1::GenerateRequest request = Request();
  std::string words;
  for (int i = 0; i < 2000; ++i) words += "word ";
  request.set_prompt(words);
  status = Generate(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("512"));
  EXPECT_TRUE(Generate(Request()).ok());
}

TEST_F(DaemonTest, EvaluationOutlivesItsClient) {
  Start();
  v1::EvaluateRequest request;
  request.add_models("small");
  request.add_content_types("linkedin");
  request.set_prompts_per_type(2);
  request.set_max_new_tokens(8);
  std::string id;
  {
    grpc::ClientContext context;
    auto reader = evaluations_->Evaluate(&context, request);
    v1::EvaluateResponse event;
    ASSERT_TRUE(reader->Read(&event));
    id = event.started().id();
    context.TryCancel();
    reader->Finish();
  }
  v1::Evaluation evaluation;
  const absl::Time end = absl::Now() + Patience();
  do {
    absl::SleepFor(absl::Milliseconds(100));
    grpc::ClientContext context;
    v1::GetEvaluationRequest get;
    get.set_id(id);
    get.set_include_samples(true);
    ASSERT_TRUE(evaluations_->GetEvaluation(&context, get, &evaluation).ok());
  } while (evaluation.state() == v1::EVALUATION_STATE_RUNNING && absl::Now() < end);
  EXPECT_EQ(evaluation.state(), v1::EVALUATION_STATE_SUCCEEDED);
  ASSERT_EQ(evaluation.samples_size(), 2);
  EXPECT_TRUE(evaluation.samples(0).has_quality_score());
  EXPECT_GT(evaluation.samples(0).memory().peak_bytes(), 0);
}

TEST_F(DaemonTest, ConfiguredRoutesFallBackAndFollowEvaluations) {
  Start(Entry("lost", "/nonexistent.gguf"));
  {
    grpc::ClientContext context;
    v1::SetRoutesRequest request;
    request.set_yaml(
        "routes:\n"
        "  technical: { rule: fallback, models: [lost, small] }\n"
        "  blog: { rule: auto, models: [small, lost], min_samples: 2 }\n");
    v1::SetRoutesResponse reply;
    const grpc::Status status = models_->SetRoutes(&context, request, &reply);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(reply.routes_size(), 3);
  }
  v1::GenerateRequest request = Request(2);
  request.clear_model();
  request.set_content_type("technical");
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.model(), "small");
  EXPECT_EQ(response_.route().rule(), "fallback");
  EXPECT_EQ(response_.route().tried(0), "lost");
  request.set_content_type("blog");
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_THAT(response_.route().reason(), HasSubstr("small: not evaluated"));

  v1::EvaluateRequest evaluate;
  evaluate.add_models("small");
  evaluate.set_max_new_tokens(8);
  for (const char* id : {"b1", "b2"}) {
    v1::EvaluationPrompt* prompt = evaluate.add_prompts();
    prompt->set_id(id);
    prompt->set_content_type("blog");
    prompt->set_prompt(absl::StrCat("Write about bread, ", id));
  }
  grpc::ClientContext context;
  auto reader = evaluations_->Evaluate(&context, evaluate);
  v1::EvaluateResponse event;
  while (reader->Read(&event)) {
  }
  ASSERT_TRUE(reader->Finish().ok());
  ASSERT_TRUE(Generate(request).ok());
  EXPECT_EQ(response_.route().rule(), "auto");
  EXPECT_EQ(response_.route().evidence().evaluation_id(), event.summary().id())
      << response_.route().reason();
  EXPECT_EQ(response_.route().evidence().samples(), 2);
  EXPECT_EQ(response_.route().evidence().revision(), event.summary().summaries(0).revision());
  EXPECT_THAT(response_.route().evidence().revision(), HasSubstr("sha256:"));
}

// The call never reaches the method, which counts and logs all others.
TEST_F(DaemonTest, MalformedGenerateCallIsLogged) {
  Start();
  grpc::GenericStub stub(
      grpc::CreateChannel(daemon_->address(), grpc::InsecureChannelCredentials()));
  const grpc::Slice slice(std::string("\xff\xff\xff"));
  const grpc::ByteBuffer junk(&slice, 1);
  grpc::ByteBuffer reply;
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "junk-1");
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/assay.v1.InferenceService/Generate", junk, &queue);
  call->StartCall();
  grpc::Status status;
  call->Finish(&reply, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL) << status.error_message();
  EXPECT_THAT(daemon_->Log(), HasSubstr("request_id=junk-1"));
}

TEST_F(DaemonTest, SigtermLetsARunningRequestFinish) {
  Start();
  ASSERT_TRUE(Generate(Request(1)).ok());
  grpc::Status status;
  std::thread caller([&] { status = Generate(Request(40)); });
  absl::SleepFor(absl::Milliseconds(200));
  daemon_->Signal(SIGTERM);
  caller.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_GT(response_.usage().completion_tokens(), 1);
  EXPECT_EQ(daemon_->Wait(Patience()), 0) << daemon_->Log();
}

TEST_F(DaemonTest, ReportsPortInUseAndUnwritableState) {
  Start();
  const std::string models = absl::StrCat("models:\n", Entry("small", DaemonProcess::TestModel()));
  absl::Status status =
      DaemonProcess::Start({.models_yaml = models, .listen = daemon_->address()}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr(daemon_->address()));
  status = DaemonProcess::Start({.models_yaml = models, .state_dir = "/proc/assay"}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("/proc/assay"));
}

}  // namespace
}  // namespace assay
