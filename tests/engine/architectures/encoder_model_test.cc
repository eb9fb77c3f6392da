// Encoders against transformers, on the checkpoints of tests/golden/encoders/make_encoders.py.
#include "engine/runtime/encoder_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "engine/runtime/inspection.h"

namespace assay::engine {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Normalized vectors, whose elements are below 1.
constexpr double kTolerance = 1e-5;
constexpr double kCosineTolerance = 1e-4;
constexpr char kMiniLm[] = "var/models/all-minilm-l6-v2";

std::string Folder(const std::string& name) {
  const char* root = std::getenv("ASSAY_TEST_ENCODERS");
  return std::string(root != nullptr ? root : ASSAY_ENCODERS) + "/" + name;
}

Json ReadJson(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path << ": run tests/golden/encoders/make_encoders.py";
  return Json::parse(file);
}

struct Golden {
  std::vector<std::string> texts;
  std::vector<int> tokens;
  std::vector<bool> truncated;
  std::vector<std::vector<double>> raw;
};

Golden ReadGolden(const std::string& name) {
  const Json json = ReadJson(Folder(name) + "/golden.json");
  return {json["texts"], json["tokens"], json["truncated"], json["raw"]};
}

LoadOptions Options(const std::string& path) {
  LoadOptions options;
  options.path = path;
  options.device = *ResolveDevice("cpu");
  return options;
}

absl::StatusOr<std::unique_ptr<EncoderModel>> LoadFrom(const std::string& path,
                                                       bool cpu_kernels = true) {
  LoadOptions options = Options(path);
  options.cpu_kernels = cpu_kernels;
  return EncoderModel::Load(options);
}

std::vector<double> Normalized(std::vector<double> vector) {
  double squares = 0;
  for (const double value : vector) squares += value * value;
  for (double& value : vector) value /= std::sqrt(squares);
  return vector;
}

double MaxDifference(const std::vector<float>& ours, const std::vector<double>& golden) {
  double max = ours.size() == golden.size() ? 0.0 : INFINITY;
  for (size_t i = 0; i < std::min(ours.size(), golden.size()); ++i) {
    max = std::max(max, std::abs(ours[i] - golden[i]));
  }
  return max;
}

class EncoderTest : public ::testing::TestWithParam<const char*> {};

TEST_P(EncoderTest, BatchMatchesTransformers) {
  const Golden golden = ReadGolden(GetParam());
  for (const bool kernels : {true, false}) {
    const auto model = LoadFrom(Folder(GetParam()), kernels);
    ASSERT_TRUE(model.ok()) << model.status();
    const auto result = (*model)->Embed(golden.texts, /*normalize=*/true, {});
    ASSERT_TRUE(result.ok()) << result.status();
    double max = 0;
    for (size_t i = 0; i < golden.texts.size(); ++i) {
      const TextEmbedding& ours = result->embeddings[i];
      EXPECT_EQ(ours.tokens, golden.tokens[i]) << golden.texts[i];
      EXPECT_EQ(ours.truncated, golden.truncated[i]) << golden.texts[i];
      max = std::max(max, MaxDifference(ours.vector, Normalized(golden.raw[i])));
    }
    EXPECT_LE(max, kTolerance) << (kernels ? "CPU kernels" : "libtorch");
    RecordProperty(kernels ? "cpu" : "libtorch", std::to_string(max));
    const auto raw = (*model)->Embed(golden.texts, /*normalize=*/false, {});
    ASSERT_TRUE(raw.ok()) << raw.status();
    for (size_t i = 0; i < golden.texts.size(); ++i) {
      EXPECT_LE(MaxDifference(raw->embeddings[i].vector, golden.raw[i]), kTolerance)
          << golden.texts[i];
    }
  }
}

TEST_P(EncoderTest, VectorDoesNotDependOnTheBatch) {
  const Golden golden = ReadGolden(GetParam());
  const auto model = LoadFrom(Folder(GetParam()));
  ASSERT_TRUE(model.ok()) << model.status();
  const auto together = (*model)->Embed(golden.texts, true, {});
  ASSERT_TRUE(together.ok()) << together.status();
  for (size_t i = 0; i < golden.texts.size(); ++i) {
    const auto alone = (*model)->Embed({&golden.texts[i], 1}, true, {});
    ASSERT_TRUE(alone.ok()) << alone.status();
    EXPECT_EQ(alone->embeddings.front().vector, together->embeddings[i].vector) << golden.texts[i];
  }
}

TEST_P(EncoderTest, EstimateIsAnUpperBound) {
  const LoadOptions options = Options(Folder(GetParam()));
  const auto estimate = LanguageModel::EstimateBytes(options);
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  const auto model = EncoderModel::Load(options);
  ASSERT_TRUE(model.ok()) << model.status();
  const LoadedModelInfo& info = (*model)->info();
  const int64_t real = info.weight_bytes + info.kv_cache_bytes + info.working_bytes;
  EXPECT_GE(*estimate, real);
  EXPECT_LE(*estimate, real * 11 / 10);
}

INSTANTIATE_TEST_SUITE_P(All, EncoderTest,
                         ::testing::Values("mean", "cls", "max", "no_files", "masked_lm", "long"),
                         [](const auto& info) { return std::string(info.param); });

TEST(EncoderModelTest, ReadsPoolingAndLength) {
  const auto describe = [](const std::string& name) {
    const auto model = LoadFrom(Folder(name));
    return model.ok() ? (*model)->sentence().Describe() : std::string(model.status().message());
  };
  EXPECT_EQ(describe("mean"), "mean pooling, L2 normalization, at most 40 tokens");
  EXPECT_EQ(describe("cls"), "cls pooling, at most 64 tokens");
  EXPECT_EQ(describe("max"), "max pooling, L2 normalization, at most 64 tokens");
  EXPECT_EQ(describe("no_files"), "mean pooling, L2 normalization, at most 64 tokens");
}

TEST(EncoderModelTest, ConcurrentCallsGetTheirOwnVectors) {
  const Golden golden = ReadGolden("mean");
  const auto model = LoadFrom(Folder("mean"));
  ASSERT_TRUE(model.ok()) << model.status();
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = t; i < golden.texts.size(); i += 2) {
        const auto result = (*model)->Embed({&golden.texts[i], 1}, true, {});
        ASSERT_TRUE(result.ok()) << result.status();
        EXPECT_LE(MaxDifference(result->embeddings.front().vector, Normalized(golden.raw[i])),
                  kTolerance);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ((*model)->running(), 0);
}

TEST(EncoderModelTest, EndsWithItsContext) {
  const auto model = LoadFrom(Folder("mean"));
  ASSERT_TRUE(model.ok()) << model.status();
  // Four batches; the context is checked before each text and each batch.
  const std::vector<std::string> texts(200, "the cat sat on the mat");
  int polls = 0;
  const CallContext cancelled([&polls] { return ++polls > 201; });
  EXPECT_EQ((*model)->Embed(texts, true, cancelled).status().code(), absl::StatusCode::kCancelled);
  const CallContext late = CallContext::WithTimeout(-absl::Seconds(1));
  EXPECT_EQ((*model)->Embed(texts, true, late).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(EncoderModelTest, InvalidUtf8IsAnErrorOfItsText) {
  const auto model = LoadFrom(Folder("mean"));
  ASSERT_TRUE(model.ok()) << model.status();
  const std::vector<std::string> texts = {"the cat", "\xff"};
  const absl::Status status = (*model)->Embed(texts, true, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("input[1]"));
}

TEST(EncoderModelTest, KindsAreNotConfused) {
  EXPECT_TRUE(IsEncoderPath(Folder("mean")));
  EXPECT_FALSE(IsEncoderPath("tests/golden/runtime/tiny_tied.gguf"));
  EXPECT_FALSE(IsEncoderPath("no/such/folder"));
  const auto generator = LoadFrom("tests/golden/runtime/tiny_tied.gguf");
  EXPECT_THAT(std::string(generator.status().message()), HasSubstr("is no encoder"));
  const auto encoder = LanguageModel::Load(Options(Folder("mean")));
  EXPECT_EQ(encoder.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(encoder.status().message()), HasSubstr("is an encoder"));
}

TEST(EncoderModelTest, InspectionDescribesTheEncoder) {
  const auto inspection = InspectModel(Options(Folder("mean")));
  ASSERT_TRUE(inspection.ok()) << inspection.status();
  EXPECT_TRUE(inspection->loads.ok()) << inspection->loads;
  EXPECT_EQ(inspection->architecture, "bert");
  EXPECT_EQ(inspection->embedding_dimension, 48);
  EXPECT_THAT(inspection->embedding, HasSubstr("mean pooling"));
  EXPECT_THAT(inspection->tokenizer, HasSubstr("WordPiece"));
}

// A copy of the checkpoint "mean" in which tests replace files.
class DamagedEncoderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    fs::copy(Folder("mean"), folder_, fs::copy_options::recursive);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  // Changes a key of a JSON file.
  void Set(const std::string& name, const std::string& key, const Json& value) const {
    Json json = ReadJson((folder_ / name).string());
    json[key] = value;
    Put(name, json.dump());
  }
  absl::Status Load() const { return LoadFrom(folder_.string()).status(); }
  void ExpectError(absl::StatusCode code, const std::string& part) const {
    const absl::Status status = Load();
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(part));
  }

  const fs::path folder_ = fs::path(testing::TempDir()) / "damaged_encoder";
};

TEST_F(DamagedEncoderTest, ConfigurationThatContradictsTheTensors) {
  Set("config.json", "hidden_size", 52);
  ExpectError(absl::StatusCode::kDataLoss, "embeddings.word_embeddings.weight");
  Set("config.json", "hidden_size", 48);
  Set("config.json", "num_hidden_layers", 4);
  ExpectError(absl::StatusCode::kDataLoss, "encoder.layer.3.attention");
  Set("config.json", "num_hidden_layers", 2);
  ExpectError(absl::StatusCode::kUnimplemented, "encoder.layer.2");
  Set("config.json", "num_hidden_layers", 3);
  Set("config.json", "type_vocab_size", 3);
  ExpectError(absl::StatusCode::kDataLoss, "token_type_embeddings");
}

TEST_F(DamagedEncoderTest, HugeAndWrongNumbers) {
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, Json>>{{"hidden_size", int64_t{1} << 40},
                                                 {"num_hidden_layers", 1000000},
                                                 {"vocab_size", -1},
                                                 {"max_position_embeddings", 1e300},
                                                 {"num_attention_heads", 0},
                                                 {"intermediate_size", "many"},
                                                 {"layer_norm_eps", -1.0},
                                                 {"type_vocab_size", int64_t{1} << 40}}) {
    SetUp();
    Set("config.json", key, value);
    ExpectError(absl::StatusCode::kDataLoss, key);
  }
}

TEST_F(DamagedEncoderTest, UnsupportedKinds) {
  Set("config.json", "position_embedding_type", "relative_key");
  ExpectError(absl::StatusCode::kUnimplemented, "relative_key");
  SetUp();
  Set("config.json", "is_decoder", true);
  ExpectError(absl::StatusCode::kUnimplemented, "is_decoder");
  SetUp();
  Set("config.json", "architectures", {"BertForSequenceClassification"});
  ExpectError(absl::StatusCode::kUnimplemented, "BertForSequenceClassification");
  for (const char* type : {"roberta", "xlm-roberta", "distilbert", "nomic_bert"}) {
    Set("config.json", "model_type", type);
    ExpectError(absl::StatusCode::kUnimplemented, type);
  }
}

TEST_F(DamagedEncoderTest, SentenceFiles) {
  Put("modules.json", "[{\"type\": \"a.Transformer\", \"path\": \"\"}]");
  ExpectError(absl::StatusCode::kUnimplemented, "no Pooling module");
  Put("modules.json", R"([{"type": "a.Transformer"}, {"type": "a.Pooling", "path": "../x"}])");
  ExpectError(absl::StatusCode::kDataLoss, "../x");
  Put("modules.json", R"([{"type": "a.Transformer"}, {"type": "a.Dense", "path": "2_Dense"}])");
  ExpectError(absl::StatusCode::kUnimplemented, "Dense");
  Put("modules.json", "{}");
  ExpectError(absl::StatusCode::kDataLoss, "not a JSON array");
  Put("modules.json", "[1]");
  ExpectError(absl::StatusCode::kDataLoss, "module 0");
  SetUp();
  Set("1_Pooling/config.json", "pooling_mode_cls_token", true);
  ExpectError(absl::StatusCode::kUnimplemented, "pooling mode");
  SetUp();
  Set("1_Pooling/config.json", "word_embedding_dimension", 384);
  ExpectError(absl::StatusCode::kDataLoss, "word_embedding_dimension is 384");
  SetUp();
  Set("sentence_bert_config.json", "max_seq_length", 2);
  ExpectError(absl::StatusCode::kDataLoss, "maximum length");
  Set("sentence_bert_config.json", "max_seq_length", 100000);
  EXPECT_TRUE(Load().ok());
  Set("sentence_bert_config.json", "do_lower_case", true);
  ExpectError(absl::StatusCode::kUnimplemented, "do_lower_case");
}

TEST_F(DamagedEncoderTest, Tokenizer) {
  Set("tokenizer.json", "post_processor", nullptr);
  ExpectError(absl::StatusCode::kDataLoss, "post_processor");
  fs::remove(folder_ / "tokenizer.json");
  ExpectError(absl::StatusCode::kDataLoss, "tokenizer.json");
}

TEST_F(DamagedEncoderTest, CutWeights) {
  fs::resize_file(folder_ / "model.safetensors", 5000);
  ExpectError(absl::StatusCode::kDataLoss, "model.safetensors");
}

TEST_F(DamagedEncoderTest, SettingsOfGenerationModels) {
  LoadOptions options = Options(Folder("mean"));
  options.kv_cache = "int8";
  EXPECT_THAT(std::string(EncoderModel::Load(options).status().message()),
              AllOf(HasSubstr("kv_cache"), HasSubstr("encoder")));
  options = Options(Folder("mean"));
  options.context_length = 20;
  const auto model = EncoderModel::Load(options);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->sentence().max_tokens, 20);
}

class MiniLmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(fs::path(kMiniLm) / "model.safetensors") ||
        !fs::exists(Folder("minilm") + "/golden.json")) {
      GTEST_SKIP() << "no " << kMiniLm << "; run `make setup`";
    }
  }
};

TEST_F(MiniLmTest, CosinesMatchTransformers) {
  const Golden golden = ReadGolden("minilm");
  for (const bool kernels : {true, false}) {
    const auto model = LoadFrom(kMiniLm, kernels);
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_EQ((*model)->dimension(), 384);
    const auto result = (*model)->Embed(golden.texts, true, {});
    ASSERT_TRUE(result.ok()) << result.status();
    double largest = 0;
    for (size_t i = 0; i < golden.texts.size(); ++i) {
      const std::vector<double> expected = Normalized(golden.raw[i]);
      EXPECT_EQ(result->embeddings[i].tokens, golden.tokens[i]) << golden.texts[i];
      EXPECT_EQ(result->embeddings[i].truncated, golden.truncated[i]) << golden.texts[i];
      largest = std::max(largest, MaxDifference(result->embeddings[i].vector, expected));
      for (size_t j = 0; j < i; ++j) {
        const std::vector<double> other = Normalized(golden.raw[j]);
        double ours = 0;
        double theirs = 0;
        for (size_t k = 0; k < expected.size(); ++k) {
          ours += static_cast<double>(result->embeddings[i].vector[k]) *
                  result->embeddings[j].vector[k];
          theirs += expected[k] * other[k];
        }
        ASSERT_NEAR(ours, theirs, kCosineTolerance) << golden.texts[i] << " / " << golden.texts[j];
      }
    }
    EXPECT_LE(largest, kTolerance);
    RecordProperty(kernels ? "cpu" : "libtorch", std::to_string(largest));
  }
}

TEST_F(MiniLmTest, EstimateIsAnUpperBound) {
  const auto estimate = LanguageModel::EstimateBytes(Options(kMiniLm));
  ASSERT_TRUE(estimate.ok()) << estimate.status();
  const auto model = LoadFrom(kMiniLm);
  ASSERT_TRUE(model.ok()) << model.status();
  const LoadedModelInfo& info = (*model)->info();
  EXPECT_GE(*estimate, info.weight_bytes + info.kv_cache_bytes + info.working_bytes);
}

}  // namespace
}  // namespace assay::engine
