// Conversion of EvaluateRequests to plans, and what is refused.
#include "server/wire/evaluation_plan.h"

#include <memory>
#include <string>

#include "evaluator/economics/economics.h"
#include "evaluator/plan/plan.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "registry/residency/manager.h"
#include "tests/evaluator/store/empty_run_store.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

using assay::v1::EvaluateRequest;
using testing::HasSubstr;

registry::Catalog TwoModels() {
  registry::Catalog catalog;
  registry::ModelEntry entry;
  entry.id = "a";
  entry.path = "/proc/self/exe";
  registry::ModelEntry other = entry;
  other.id = "small";
  catalog.models = {entry, other};
  catalog.content_types = {"blog", "email"};
  return catalog;
}

class EvaluationPlanTest : public testing::Test {
 protected:
  EvaluationPlanTest() : manager_(TwoModels(), &loader_, {}, nullptr) { request_.add_models("a"); }

  absl::StatusOr<evaluator::EvaluationPlan> Read() {
    return ToPlan(request_, manager_, &store_,
                  {.evaluation = config_, .limits = limits_, .refuse_unknown = refuse_unknown_});
  }
  std::string Refused() { return std::string(Read().status().message()); }

  CountingLoader loader_;
  registry::Manager manager_;
  evaluator::EmptyRunStore store_;
  EvaluationConfig config_;
  LimitsConfig limits_;
  bool refuse_unknown_ = true;
  EvaluateRequest request_;
};

// A number without a field of the same name would be dropped silently.
TEST_F(EvaluationPlanTest, EveryEconomicNumberOfTheMessageReachesThePlan) {
  assay::v1::EconomicsInputs& inputs = *request_.mutable_economics();
  const google::protobuf::Descriptor* fields = inputs.GetDescriptor();
  int set = 0;
  for (int i = 0; i < fields->field_count(); ++i) {
    if (fields->field(i)->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_DOUBLE) continue;
    inputs.GetReflection()->SetDouble(&inputs, fields->field(i), 1 + 0.25 * i);
    ++set;
  }
  EXPECT_EQ(set, static_cast<int>(evaluator::EconomicsNumbers().size()));
  inputs.set_requests_per_day(77);
  const auto plan = Read();
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->economics->requests_per_day, 77);
  for (const evaluator::EconomicsNumber& number : evaluator::EconomicsNumbers()) {
    const auto* field = fields->FindFieldByName(std::string(number.name));
    ASSERT_NE(field, nullptr) << number.name;
    EXPECT_EQ((*plan->economics).*number.value, 1 + 0.25 * field->index()) << number.name;
  }
}

TEST_F(EvaluationPlanTest, AnUnknownContentTypeOfAPromptIsRefused) {
  for (const char* type : {"blog", "blgo"}) {
    assay::v1::EvaluationPrompt* prompt = request_.add_prompts();
    prompt->set_id(type);
    prompt->set_content_type(type);
    prompt->set_prompt("Write.");
  }
  EXPECT_EQ(Read().status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Refused(), HasSubstr("prompts[1].content_type: 'blgo' is not a content type known "
                                   "here; did you mean 'blog'? known are blog, email."));
  refuse_unknown_ = false;
  ASSERT_TRUE(Read().ok()) << Read().status();
  EXPECT_EQ(Read()->prompts[1].content_type, "blgo");
}

TEST_F(EvaluationPlanTest, ContentTypesThatThePromptsLackAreRefusedWithTheNearest) {
  request_.add_content_types("linkdin");
  EXPECT_THAT(Refused(), HasSubstr("content_types: the prompt set has no 'linkdin'; did you mean "
                                   "'linkedin'? it has "));
}

TEST_F(EvaluationPlanTest, UnknownModelsAreRefusedWithTheNearest) {
  request_.set_models(0, "smol");
  EXPECT_EQ(Read().status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Refused(),
              HasSubstr("model 'smol' is not in the catalog; did you mean 'small'? it has "
                        "a, small"));
}

TEST_F(EvaluationPlanTest, LooksStopEarly) {
  EXPECT_FALSE(Read()->stop_early.has_value());
  request_.set_looks(4);
  request_.set_stop_for_futility(true);
  EXPECT_EQ(Read()->stop_early->looks, 4);
  EXPECT_TRUE(Read()->stop_early->futility);
  request_.clear_looks();
  EXPECT_THAT(Refused(), testing::HasSubstr("stop_for_futility: is set without looks"));
}

TEST_F(EvaluationPlanTest, UnsetEconomicsAreTheServers) {
  config_.economics.power_watts = 99;
  config_.economics.hosted = {.name = "h", .usd_per_request = 1};
  EXPECT_FALSE(Read()->economics.has_value());
  request_.mutable_economics()->set_hardware_usd(500);
  EXPECT_EQ(Read()->economics->power_watts, 99);
  EXPECT_EQ(Read()->economics->hosted.name, "h");
  request_.mutable_economics()->set_api_usd_per_request(0.5);
  EXPECT_EQ(Read()->economics->hosted.name, "");
}

TEST_F(EvaluationPlanTest, RequestMayChooseTheHostedModelAndSendItsPrices) {
  request_.mutable_economics()->set_compare_with("openai/gpt-4o-mini");
  ASSERT_TRUE(Read().ok()) << Read().status();
  EXPECT_EQ(Read()->economics->hosted.name, "openai/gpt-4o-mini");
  request_.mutable_economics()->set_price_table(
      "as_of: 2026-01-01\nentries: [{ name: mine, usd_per_request: 0.25 }]\n");
  EXPECT_THAT(Refused(), HasSubstr("economics.compare_with: 'openai/gpt-4o-mini' is not in the "
                                   "price table price_table (as of 2026-01-01); give one of mine"));
  request_.mutable_economics()->set_compare_with("mine");
  EXPECT_EQ(Read()->economics->hosted.usd_per_request, 0.25);
  EXPECT_EQ(Read()->economics->hosted.as_of, "2026-01-01");
  request_.mutable_economics()->set_api_usd_per_request(1);
  EXPECT_THAT(Refused(), HasSubstr("economics.api_usd_per_request: is set together with"));
}

TEST_F(EvaluationPlanTest, EconomicsOutOfRangeAreNamedInTheError) {
  request_.mutable_economics()->set_hardware_years(0);
  EXPECT_EQ(Refused(), "economics: hardware_years is 0; give a number from 0.001 to 100");
}

TEST_F(EvaluationPlanTest, CandidateWithoutASeedHasTheSeedOfTheRequest) {
  request_.mutable_sampling()->set_seed(5);
  for (const char* name : {"b", "c"}) {
    assay::v1::Candidate* candidate = request_.add_candidates();
    candidate->set_name(name);
    candidate->set_model("a");
    candidate->mutable_sampling()->set_temperature(0.5);
  }
  request_.mutable_candidates(1)->mutable_sampling()->set_seed(9);
  const auto plan = Read();
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->models[1].sampling->seed, 5U);
  EXPECT_EQ(plan->models[2].sampling->seed, 9U);
}

// Otherwise each would fail only when it runs, hours later.
TEST_F(EvaluationPlanTest, PromptsBeyondTheLimitAreRefusedAtOnce) {
  limits_.max_prompt_bytes = 100;
  assay::v1::EvaluationPrompt* prompt = request_.add_prompts();
  prompt->set_id("p");
  prompt->set_content_type("blog");
  prompt->set_prompt(std::string(100, 'x'));
  EXPECT_TRUE(Read().ok()) << Read().status();
  prompt->set_prompt(std::string(60, 'x'));
  assay::v1::Candidate* candidate = request_.add_candidates();
  candidate->set_name("terse");
  candidate->set_model("a");
  candidate->set_system(std::string(37, 'x'));
  EXPECT_EQ(
      Refused(),
      "prompts[0]: 'p' has 101 bytes; the server takes at most 100 (limits.max_prompt_bytes)");
  candidate->set_system("Be brief.");
  assay::v1::KnownAnswerTask* task = request_.add_tasks();
  task->set_name("facts");
  assay::v1::MultipleChoiceItem* item = task->add_items();
  item->set_id("q");
  item->set_context(std::string(99, 'x'));
  item->add_choices("a");
  item->add_choices("b");
  EXPECT_THAT(Refused(), HasSubstr("tasks[0].items[0]: 'q' has 101 bytes"));
  task->clear_items();
  task->set_text(std::string(101, 'x'));
  EXPECT_THAT(Refused(), HasSubstr("tasks[0].text: 'facts' has 101 bytes"));
  task->set_text("Once.");
  EXPECT_TRUE(Read().ok()) << Read().status();
}

TEST_F(EvaluationPlanTest, RepeatsBeyondTheLimitAreRefused) {
  request_.set_repeats(evaluator::kMaxRepeats);
  EXPECT_TRUE(Read().ok());
  request_.set_repeats(1001);
  EXPECT_EQ(Refused(), "repeats: 1001 is out of range; give 1 to 1000, or 0 for the default");
}

}  // namespace
}  // namespace assay::server
