// Plans in YAML files: keys, files and errors.
#include "client/input/plan_file.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"

namespace assay::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PlanFileTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  absl::StatusOr<v1::EvaluateRequest> Read(const std::string& text) const {
    Write("plan.yaml", text);
    return ReadPlanFile((folder_ / "plan.yaml").string());
  }
  // Returns the error of a plan, without the folder's name.
  std::string Error(const std::string& text) const {
    const auto plan = Read(text);
    EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
    std::string message(plan.status().message());
    const std::string prefix = folder_.string() + "/";
    for (size_t at = message.find(prefix); at != std::string::npos; at = message.find(prefix)) {
      message.erase(at, prefix.size());
    }
    return message;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / absl::StrCat("assay_plan_", getpid());
};

TEST_F(PlanFileTest, EveryKeyReachesTheRequest) {
  Write("mine.jsonl",
        R"({"id":"p","content_type":"blog","prompt":"write","system":"You write.","cluster":"c",)"
        R"("reference":"Good.","constraints":{"max_chars":280,"must_include":["Friday"]}})");
  Write("facts.jsonl", R"({"id":"q","context":"2 + 2 =","choices":[" 4"," 5"],"answer":0})");
  Write("story.txt", "Once upon a time.");
  const auto plan = Read(R"(
name: study
hypothesis: the terse one is worse
models: [a, b]
candidates:
  - { name: a_terse, model: a, system: Be brief., sampling: { temperature: 0.5, top_k: 5, seed: 9 } }
baseline: b
content_types: [blog]
prompts_per_type: 3
built_in_prompts: false
dataset: mine.jsonl
tasks:
  - { name: facts, items: facts.jsonl }
  - { name: story, text: story.txt }
repeats: 4
max_new_tokens: 150
timeout: 90s
sampling: { temperature: 0.7, top_p: 0.9 }
scorers: [assay, brand]
alpha: 0.01
correction: benjamini_hochberg
failures: leave-out
economics: { power_watts: 35, requests_per_day: 500 }
scaling: { concurrency: [1, 4], rounds: 2, residents: true }
order_seed: 7
gate: quality >= 6
stop_early: { looks: 4, futility: true }
)");
  ASSERT_TRUE(plan.ok()) << plan.status();
  const v1::EvaluateRequest& r = *plan;
  EXPECT_EQ(r.name(), "study");
  EXPECT_EQ(r.hypothesis(), "the terse one is worse");
  EXPECT_THAT(r.models(), ElementsAre("a", "b"));
  ASSERT_EQ(r.candidates_size(), 1);
  EXPECT_EQ(r.candidates(0).name(), "a_terse");
  EXPECT_EQ(r.candidates(0).system(), "Be brief.");
  EXPECT_EQ(r.candidates(0).sampling().temperature(), 0.5F);
  EXPECT_EQ(r.candidates(0).sampling().seed(), 9U);
  EXPECT_EQ(r.baseline(), "b");
  EXPECT_EQ(r.prompts_per_type(), 3);
  EXPECT_TRUE(r.own_prompts_only());
  ASSERT_EQ(r.prompts_size(), 1);
  EXPECT_EQ(r.prompts(0).system(), "You write.");
  EXPECT_EQ(r.prompts(0).cluster(), "c");
  EXPECT_EQ(r.prompts(0).reference(), "Good.");
  EXPECT_EQ(r.prompts(0).max_characters(), 280);
  EXPECT_THAT(r.prompts(0).must_include(), ElementsAre("Friday"));
  ASSERT_EQ(r.tasks_size(), 2);
  EXPECT_THAT(r.tasks(0).items(0).choices(), ElementsAre(" 4", " 5"));
  EXPECT_EQ(r.tasks(1).text(), "Once upon a time.");
  EXPECT_EQ(r.repeats(), 4);
  EXPECT_EQ(r.max_new_tokens(), 150);
  EXPECT_EQ(r.timeout_seconds(), 90);
  EXPECT_EQ(r.sampling().top_p(), 0.9F);
  EXPECT_THAT(r.scorers(), ElementsAre("assay", "brand"));
  EXPECT_EQ(r.alpha(), 0.01);
  EXPECT_EQ(r.correction(), v1::CORRECTION_BENJAMINI_HOCHBERG);
  EXPECT_EQ(r.failures(), v1::FAILURE_POLICY_LEAVE_OUT);
  EXPECT_EQ(r.economics().power_watts(), 35);
  EXPECT_FALSE(r.economics().has_api_usd_per_request());
  EXPECT_EQ(r.economics().requests_per_day(), 500);
  EXPECT_THAT(r.scaling().concurrency(), ElementsAre(1, 4));
  EXPECT_EQ(r.scaling().rounds(), 2);
  EXPECT_TRUE(r.scaling().residents());
  EXPECT_EQ(r.order_seed(), 7U);
  EXPECT_EQ(r.gate(), "quality >= 6");
  EXPECT_EQ(r.looks(), 4);
  EXPECT_TRUE(r.stop_for_futility());
}

// docs/explanation/economics.md lists the keys of a plan.
TEST_F(PlanFileTest, PlanAcceptsEveryDocumentedEconomicInput) {
  std::ifstream docs("docs/explanation/economics.md");
  std::set<std::string> keys;
  bool inputs = false;
  for (std::string line; std::getline(docs, line);) {
    if (line.starts_with("## ")) inputs = line == "## Inputs";
    if (!inputs || !line.starts_with("| `")) continue;
    const std::string cell = line.substr(1, line.find('|', 1) - 1);
    for (size_t at = cell.find('`'); at != std::string::npos;) {
      const size_t end = cell.find('`', at + 1);
      keys.insert(cell.substr(at + 1, end - at - 1));
      at = cell.find('`', end + 1);
    }
  }
  EXPECT_EQ(keys.size(), 20U);
  Write("prices.yaml", "as_of: 2026-01-01\nentries: [{ name: m, usd_per_request: 0.1 }]\n");
  std::string plan = "economics:\n";
  for (const std::string& key : keys) {
    absl::StrAppend(&plan, "  ", key, ": ",
                    key == "price_table"    ? "prices.yaml"
                    : key == "compare_with" ? "m"
                                            : "7",
                    "\n");
  }
  const auto read = Read(plan);
  ASSERT_TRUE(read.ok()) << read.status();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  read->economics().GetReflection()->ListFields(read->economics(), &fields);
  EXPECT_EQ(fields.size(), keys.size());
  EXPECT_EQ(read->economics().machine_memory_gb(), 7);
  EXPECT_EQ(read->economics().requests_per_day(), 7);
  // The text of the file is sent, because the server has another disk.
  EXPECT_THAT(read->economics().price_table(), HasSubstr("as_of: 2026-01-01"));
  EXPECT_THAT(Error("economics: { power_wats: 3 }"),
              HasSubstr("plan.yaml:1: economics.power_wats: unknown key"));
}

TEST_F(PlanFileTest, CandidateWithoutASeedUsesThePlansSeed) {
  const auto plan = Read(
      "sampling: { temperature: 1, seed: 5 }\n"
      "candidates: [{ name: b, model: a, sampling: { temperature: 0.5 } }]\n");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(plan->candidates(0).sampling().has_seed());
  EXPECT_EQ(plan->sampling().seed(), 5U);
}

TEST_F(PlanFileTest, RepeatsAboveTheServersLimitAreRefused) {
  EXPECT_TRUE(Read("repeats: 1000").ok());
  EXPECT_THAT(Error("repeats: 1001"), HasSubstr("plan.yaml:1: repeats: "));
}

TEST_F(PlanFileTest, ErrorsNameFileLineAndKey) {
  EXPECT_THAT(Error("modles: [a]"),
              HasSubstr("plan.yaml:1: modles: unknown key; did you mean 'models'?"));
  EXPECT_THAT(Error("models: [a]\nrepeats: 0"), HasSubstr("plan.yaml:2: repeats: "));
  EXPECT_THAT(Error("candidates:\n  - { model: a }"),
              HasSubstr("plan.yaml:2: candidates[0].name: is required"));
  EXPECT_THAT(Error("correction: bonferroni"), HasSubstr("plan.yaml:1: correction: "));
  EXPECT_THAT(Error("tasks:\n  - { name: t }"),
              HasSubstr("give either items (a JSONL file) or text (a text file)"));
  EXPECT_EQ(Error("dataset: none.jsonl"), "none.jsonl: cannot be opened");
  EXPECT_EQ(ReadPlanFile("/no/such.yaml").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(PlanFileTest, ADatasetMayBeATable) {
  Write("mine.csv", "question,kind\nWhy?,a\nHow?,b\nWho?,c\n");
  const auto request = Read(
      "content_types: [blog]\ndataset: mine.csv\ndataset_columns: { prompt: question }\n"
      "dataset_limit: 2\ndataset_seed: 5\n");
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->prompts_size(), 2);
  EXPECT_EQ(request->prompts(0).content_type(), "blog");
  EXPECT_EQ(request->prompt_source(), "mine.csv (random 2 of 3, seed 5)");
}

TEST_F(PlanFileTest, ErrorsInFilesOfThePlanNameTheirLine) {
  Write("facts.jsonl", "{\"id\":\"q\",\"choices\":[1],\"answer\":0}");
  EXPECT_EQ(Error("tasks: [{ name: t, items: facts.jsonl }]"),
            "facts.jsonl:1: \"choices\" must be a list of strings");
  Write("facts.jsonl", "{\"id\":\"q\",\"choices\":[\"a\"],\"answer\":1.5}");
  EXPECT_EQ(Error("tasks: [{ name: t, items: facts.jsonl }]"),
            "facts.jsonl:1: \"answer\" must be the index of the right choice, from 0");
  Write("mine.jsonl",
        R"({"id":"p","content_type":"blog","prompt":"x","constraints":{"max_chars":-1}})");
  EXPECT_EQ(Error("dataset: mine.jsonl"),
            "mine.jsonl:1: \"constraints.max_chars\" must be a whole number, not negative");
}

}  // namespace
}  // namespace assay::client
