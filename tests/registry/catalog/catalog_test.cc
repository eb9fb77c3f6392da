// Tests of parsing models.yaml.
#include "registry/catalog/catalog.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::registry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kGood[] = R"(default_model: a
models:
  - id: a
    source: { file: models/a.gguf }
    dtype: float16
    device: cuda:1
    context_length: 2048
    content_types: [twitter, linkedin]
    preload: true
  - id: b
    source: { repo: org/name, revision: v1, file: sub/b.gguf }
  - id: c
    source: { repo: org/whole }
    format: safetensors
    weights: int8
    kv_cache: int8
    cache_tokens: 20000
    draft_tokens: 0
    sampling: model
    license: mit
    size: 2GB
    suits: [blog]
    gated: true
    pin: true
    keep_alive: 10m
builtin: false
)";

TEST(CatalogTest, ParsesEntries) {
  absl::StatusOr<Catalog> catalog = ParseCatalog(kGood, "/etc/assay/models.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_THAT(catalog->Ids(), ElementsAre("a", "b", "c"));
  const ModelEntry& a = catalog->models[0];
  EXPECT_EQ(a.path, "/etc/assay/models/a.gguf");
  EXPECT_EQ(a.dtype, "float16");
  EXPECT_EQ(a.device, "cuda:1");
  EXPECT_EQ(a.context_length, 2048);
  EXPECT_THAT(a.content_types, ElementsAre("twitter", "linkedin"));
  EXPECT_TRUE(a.preload);
  ASSERT_TRUE(catalog->models[1].hub.has_value());
  EXPECT_EQ(catalog->models[1].SourceName(), "org/name@v1:sub/b.gguf");
  EXPECT_EQ(catalog->models[2].SourceName(), "org/whole@main");
  EXPECT_EQ(catalog->models[2].format, "safetensors");
  EXPECT_EQ(catalog->models[2].weights, "int8");
  EXPECT_EQ(catalog->models[2].kv_cache, "int8");
  EXPECT_EQ(catalog->models[2].cache_tokens, 20000);
  EXPECT_EQ(catalog->models[2].draft_tokens, 0);
  EXPECT_EQ(a.draft_tokens, 7);
  EXPECT_TRUE(catalog->models[2].model_sampling);
  EXPECT_FALSE(a.model_sampling);
  const ModelEntry& c = catalog->models[2];
  EXPECT_EQ(c.license, "mit");
  EXPECT_EQ(c.download_bytes, 2'000'000'000);
  EXPECT_THAT(c.suits, ElementsAre("blog"));
  EXPECT_TRUE(c.gated);
  EXPECT_TRUE(c.pin);
  EXPECT_EQ(c.keep_alive, absl::Minutes(10));
  EXPECT_EQ(catalog->Find("d"), nullptr);
}

TEST(CatalogTest, ErrorsNameLineKeyAndValue) {
  const std::string head = "models:\n  - id: a\n    source: { file: a }\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {head + "    dtype: fp7\n", "m.yaml:4: models[0].dtype: 'fp7' is not one of auto, float32"},
      {head + "    device: tpu\n", "m.yaml:4: models[0].device: 'tpu'"},
      {head + "    device: 'cuda:'\n", "models[0].device: 'cuda:'"},
      {head + "    weights: int2\n", "models[0].weights: 'int2' is not one of auto, full, int8"},
      {head + "    format: onnx\n", "models[0].format: 'onnx' is not one of auto"},
      {head + "    context_length: -1\n", "models[0].context_length: -1 is out of range"},
      {head + "    content_types: [Big]\n", "models[0].content_types: 'Big'"},
      {head + "    suits: [blog, Big]\n", "m.yaml:4: models[0].suits: 'Big'"},
      {head + "    colour: red\n", "m.yaml:4: models[0].colour: unknown key"},
      {head + "  - id: a\n    source: { file: b }\n",
       "m.yaml:4: models[1].id: 'a' is duplicated, here and at m.yaml:2"},
      {head +
           "    content_types: [x]\n  - id: b\n    source: { file: b }\n    content_types: [x]\n",
       "m.yaml:7: models[1].content_types: 'x' is routed to 'a' already"},
      {"models:\n  - id: A b\n    source: { file: a }\n", "m.yaml:2: models[0].id: 'A b'"},
      {"models:\n  - id: a\n", "models[0].source: is required"},
      {"models:\n  - id: a\n    source: { repo: ../x, file: f }\n", "source.repo: '../x'"},
      {"models:\n  - id: a\n    source: { repo: a/b, file: ../../etc/passwd }\n",
       "source.file: '../../etc/passwd'"},
      {"models:\n  - id: a\n    source: { repo: a/b, file: /etc/passwd }\n",
       "source.file: '/etc/passwd'"},
      {"models:\n  - id: a\n    source: { repo: a/b, revision: ../r, file: f }\n",
       "source.revision: '../r'"},
      {"default_model: z\n" + head, "m.yaml:1: default_model: 'z' is not in the catalog; it has a"},
      {"default_model: z\nmodels: []\n", "models: is empty"},
  };
  for (const auto& [yaml, message] : cases) {
    const absl::Status status = ParseCatalog(yaml, "m.yaml").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << yaml;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message)) << yaml;
  }
}

TEST(CatalogTest, TheUsersModelsReplaceBuiltInOnesOfTheSameId) {
  absl::StatusOr<Catalog> catalog =
      ParseCatalog("default_model: gpt2\nmodels:\n- {id: bloom_560m, source: {file: mine.gguf}}\n",
                   "/etc/m.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->models.front().id, "bloom_560m");
  EXPECT_FALSE(catalog->models.front().built_in);
  EXPECT_EQ(catalog->Find("bloom_560m")->SourceName(), "/etc/mine.gguf");
  EXPECT_THAT(catalog->replaced, ElementsAre("bloom_560m"));
  EXPECT_TRUE(catalog->Find("gpt2")->built_in);
  EXPECT_EQ(catalog->IdsForMessage(), absl::StrCat("bloom_560m and ", catalog->models.size() - 1,
                                                   " built-in ones (assay models --all)"));
  catalog = ParseCatalog("{}", "m.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->Find("bloom_560m")->SourceName(), "bigscience/bloom-560m@main");
  for (const ModelEntry& entry : catalog->models) {
    EXPECT_TRUE(entry.built_in && !entry.license.empty() && entry.download_bytes > 0) << entry.id;
    EXPECT_THAT(entry.content_types, IsEmpty()) << entry.id;
    EXPECT_THAT(entry.suits, Not(IsEmpty())) << entry.id;
  }
}

TEST(CatalogTest, AMessageListsTwelveIds) {
  std::string yaml = "default_model: none\nmodels:\n";
  for (int i = 0; i < 14; ++i) absl::StrAppend(&yaml, "- {id: m", i, ", source: {file: f}}\n");
  EXPECT_THAT(
      std::string(ParseCatalog(absl::StrCat("builtin: false\n", yaml), "").status().message()),
      HasSubstr("it has m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11 and 2 more"));
  EXPECT_THAT(std::string(ParseCatalog(yaml, "").status().message()), Not(HasSubstr("m12")));
}

TEST(CatalogTest, LicenceIsAnAliasOfLicense) {
  const std::string head = "models:\n  - id: a\n    source: { file: a }\n    licence: mit\n";
  const absl::StatusOr<Catalog> catalog = ParseCatalog(head, "m.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->models.front().license, "mit");
  EXPECT_EQ(ParseCatalog(head + "    license: mit\n", "m.yaml").status().message(),
            "m.yaml:5: models[0].license: is given as licence too; remove licence, the former name "
            "of this key");
}

TEST(CatalogTest, AMissingFileIsNotFound) {
  EXPECT_EQ(LoadCatalog("/nonexistent/models.yaml").status().code(), absl::StatusCode::kNotFound);
}

TEST(CatalogTest, AMistypedContentTypeIsRefusedWithASuggestion) {
  const std::vector<std::string> known = {"blog", "email", "twitter"};
  const std::string head = "models:\n  - id: a\n    source: { file: a.gguf }\n";
  const auto error = [&](const std::string& rest) {
    return std::string(ParseCatalog(head + rest, "m.yaml", known).status().message());
  };
  EXPECT_EQ(error("    content_types: [email]\nroutes: { blog: { model: a } }\n"), "");
  EXPECT_EQ(error("    content_types: [email, twiter]\n"),
            "m.yaml:4: models[0].content_types: 'twiter' is not a content type known here; did you "
            "mean 'twitter'? known are blog, email, twitter. Declare one of your own under "
            "evaluation.content_types of assayd.yaml");
  EXPECT_THAT(error("routes:\n  blgo: { model: a }\n"),
              HasSubstr("m.yaml:5: routes.blgo: 'blgo' is not a content type known here; did you "
                        "mean 'blog'?"));
  EXPECT_THAT(error("    content_types: [poetry]\n"), HasSubstr("known are blog, email, twitter."));
}

}  // namespace
}  // namespace assay::registry
