// Requests for embeddings, with a fake encoder.
#include "server/serving/embedding.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/routing/model_kinds.h"
#include "server/routing/routing.h"
#include "server/serving/generation.h"
#include "server/serving/likelihood.h"
#include "server/serving/served_embedder.h"
#include "server/serving/served_generator.h"
#include "server/serving/served_model.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// The vector of a text is its length and 1; a text of more than 9 bytes is truncated.
class LengthEncoder final : public engine::EncoderModel {
 public:
  const engine::LoadedModelInfo& info() const override { return info_; }
  const engine::SentenceConfig& sentence() const override { return sentence_; }
  int dimension() const override { return 2; }
  int running() const override { return 0; }
  absl::StatusOr<engine::EmbeddingResult> Embed(absl::Span<const std::string> texts, bool normalize,
                                                const CallContext& context) override {
    if (absl::Status status = context.Check(); !status.ok()) return status;
    engine::EmbeddingResult result;
    for (const std::string& text : texts) {
      engine::TextEmbedding embedding{.vector = {static_cast<float>(text.size()), 1.0F},
                                      .tokens = static_cast<int>(text.size()) + 2,
                                      .truncated = text.size() > 9};
      if (normalize) engine::NormalizeL2(absl::MakeSpan(embedding.vector));
      result.embeddings.push_back(std::move(embedding));
    }
    return result;
  }

 private:
  engine::LoadedModelInfo info_ = {};
  engine::SentenceConfig sentence_;
};

// Models whose id begins with "enc" are encoders.
class EncoderLoader final : public registry::ModelLoader {
 public:
  absl::StatusOr<int64_t> Estimate(const registry::ModelEntry&, const std::string&) override {
    return 1;
  }
  absl::StatusOr<std::unique_ptr<registry::ResidentModel>> Load(
      const registry::ModelEntry& entry, const std::string& file,
      const registry::ProgressFn& progress, const CallContext& context) override {
    if (!entry.id.starts_with("enc")) return counting.Load(entry, file, progress, context);
    return std::make_unique<ServedModel>(std::make_unique<LengthEncoder>(), engine::DeviceInfo{});
  }

  CountingLoader counting;
};

class EmbeddingTest : public testing::Test {
 protected:
  EmbeddingTest()
      : folder_(fs::path(testing::TempDir()) / absl::StrCat("embedding_test.", getpid())),
        kinds_(&manager_, "", [](const std::string& path) { return path.ends_with("enc"); }),
        manager_(CatalogOfTwo(), &loader_, {}, nullptr),
        routing_(&manager_, nullptr, {.refuse_unknown = false, .kinds = &kinds_}),
        embedding_(&manager_, &kinds_, LimitsConfig{.max_prompt_bytes = 100}) {}
  ~EmbeddingTest() override { fs::remove_all(folder_); }

  registry::Catalog CatalogOfTwo() const {
    fs::create_directories(folder_);
    registry::Catalog catalog;
    for (const char* id : {"gen", "enc"}) {
      const std::string path = (folder_ / id).string();
      std::ofstream(path) << id;
      catalog.models.push_back({.id = id, .path = path});
    }
    catalog.models[1].content_types = {"linkedin"};
    catalog.default_model = "gen";
    return catalog;
  }
  absl::StatusOr<EmbedResult> Embed(std::vector<std::string> texts,
                                    const std::string& model = "enc",
                                    const CallContext& context = {}) {
    return embedding_.Compute({.model = model, .input = std::move(texts), .normalize = false},
                              context);
  }
  void ExpectInvalid(const absl::StatusOr<EmbedResult>& result, const std::string& part) {
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(result.status().message()), HasSubstr(part));
  }

  const fs::path folder_;
  EncoderLoader loader_;
  ModelKinds kinds_;
  registry::Manager manager_;
  Routing routing_;
  EmbeddingService embedding_;
};

TEST_F(EmbeddingTest, AnswersInTheOrderOfTheTexts) {
  const auto result = Embed({"", "four", "longer than nine"});
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_THAT(result->embeddings, SizeIs(3));
  EXPECT_THAT(result->embeddings[1].vector, ElementsAre(4, 1));
  EXPECT_EQ(result->embeddings[1].tokens, 6);
  EXPECT_FALSE(result->embeddings[1].truncated);
  EXPECT_TRUE(result->embeddings[2].truncated);
  EXPECT_EQ(result->model, "enc");
  EXPECT_EQ(result->dimension, 2);
  EXPECT_GE(result->total_time, result->load_time);
}

TEST_F(EmbeddingTest, NormalizesByDefault) {
  const auto result = embedding_.Compute({.model = "enc", .input = {"fou"}}, {});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(result->embeddings[0].vector[0], 3 / std::sqrt(10.0), 1e-6);
}

TEST_F(EmbeddingTest, WrongFieldsAreNamed) {
  ExpectInvalid(Embed({"a"}, ""), "model: is empty");
  ExpectInvalid(Embed({}), "input: is empty");
  ExpectInvalid(Embed(std::vector<std::string>(257, "a")), "257 texts; at most 256");
  ExpectInvalid(Embed({"a", std::string(101, 'b')}), "input[1]: has 101 bytes");
  EXPECT_TRUE(Embed(std::vector<std::string>(256, "a")).ok());
  EXPECT_EQ(Embed({"a"}, "none").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(EmbeddingTest, GenerativeModelIsRefusedWithoutALoad) {
  const absl::Status status = Embed({"a"}, "gen").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("'gen'"), HasSubstr("no encoder")));
  EXPECT_EQ(loader_.counting.loads, 0);
}

TEST_F(EmbeddingTest, EndsWithItsContext) {
  EXPECT_EQ(Embed({"a"}, "enc", CallContext([] { return true; })).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(Embed({"a"}, "enc", CallContext::WithDeadline(SteadyTime::Now())).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(EmbeddingTest, NoRouteLeadsToAnEncoder) {
  // The catalog's own route of the encoder is ignored.
  EXPECT_EQ(routing_.Choose({.content_type = "linkedin"})->model, "gen");
  const absl::Status named = routing_.Choose({.model = "enc"}).status();
  EXPECT_EQ(named.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(named.message()), HasSubstr("assay embed --model enc"));
  registry::RoutePolicy policy{.content_type = "email", .models = {"enc"}};
  EXPECT_THAT(std::string(routing_.Set({policy}).message()), HasSubstr("routes.email"));
  policy.rule = registry::RouteRule::kAuto;
  policy.models = {};
  ASSERT_TRUE(routing_.Set({policy}).ok());
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(routing_.Choose({.content_type = "email"})->model, "gen");
  }
}

TEST_F(EmbeddingTest, TextIsNotAskedOfAnEncoder) {
  ModelBreakers breakers{BreakerConfig{}};
  // Without kinds, as for a model that is not downloaded yet.
  Routing routing(&manager_, nullptr);
  GenerationService generation(&manager_, &routing, &breakers, LimitsConfig{}, {},
                               [](const RequestRecord&) {});
  LikelihoodService likelihood(&manager_, LimitsConfig{});
  ServedGenerator generator(&manager_, &generation, &likelihood, engine::DeviceInfo{});
  const std::vector<absl::Status> errors = {
      generation.Generate({.model = "enc", .prompt = "Hello"}, {}, nullptr).status(),
      likelihood.Compute({.model = "enc", .continuations = {"a"}}, {}).status(),
      generator.Prepare("enc", {}).status()};
  for (const absl::Status& error : errors) {
    EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition) << error;
    EXPECT_THAT(std::string(error.message()), AllOf(HasSubstr("'enc'"), HasSubstr("Embed")));
  }
  EXPECT_FALSE(breakers.Refuses("enc"));
}

TEST_F(EmbeddingTest, EvaluatorGetsAnyNumberOfVectors) {
  ServedEmbedder embedder(&embedding_);
  const std::vector<std::string> texts(600, "abc");
  const auto vectors = embedder.Embed("enc", texts, {});
  ASSERT_TRUE(vectors.ok()) << vectors.status();
  ASSERT_THAT(*vectors, SizeIs(600));
  EXPECT_NEAR((*vectors)[599][0], 3 / std::sqrt(10.0), 1e-6);
  EXPECT_EQ(embedder.Embed("gen", texts, {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(embedder.Embed("enc", {}, {})->empty());
}

TEST_F(EmbeddingTest, KindsFollowTheFiles) {
  EXPECT_TRUE(kinds_.IsEncoder("enc"));
  EXPECT_TRUE(kinds_.Generates("gen"));
  EXPECT_FALSE(kinds_.Generates("none"));
  EXPECT_THAT(kinds_.Generators()->models, SizeIs(1));
  fs::remove(folder_ / "enc");
  EXPECT_TRUE(kinds_.IsEncoder("enc"));
  kinds_.Forget();
  EXPECT_FALSE(kinds_.IsEncoder("enc"));
  EXPECT_FALSE(kinds_.Generates("enc"));
}

}  // namespace
}  // namespace assay::server
