// Evaluations that use the server's own generation.
#include "server/serving/served_generator.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "registry/catalog/revision.h"
#include "registry/residency/manager.h"
#include "server/routing/routing.h"
#include "tests/patience.h"
#include "tests/server/serving/counting_model.h"

namespace assay::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ServedGeneratorTest : public testing::Test {
 protected:
  ServedGeneratorTest()
      : file_(
            (fs::path(testing::TempDir()) / absl::StrCat("served_generator.", getpid())).string()),
        revisions_("", "cpu", absl::ZeroDuration()),
        manager_(CatalogOfOne(), &loader_, {.revisions = &revisions_}, nullptr),
        routing_(&manager_, nullptr),
        service_(&manager_, &routing_, &breakers_, LimitsConfig{}, {}, [](const RequestRecord&) {}),
        likelihood_(&manager_, LimitsConfig{}),
        generator_(&manager_, &service_, &likelihood_, engine::DeviceInfo{}) {
    PutFile("one");
  }
  ~ServedGeneratorTest() override { fs::remove(file_); }

  registry::Catalog CatalogOfOne() const {
    registry::Catalog catalog;
    catalog.models.push_back({.id = "a", .path = file_});
    return catalog;
  }
  void PutFile(const std::string& text) const { std::ofstream(file_) << text; }
  absl::Status Generate() {
    return generator_
        .Generate({.model = "a", .prompt = "Hello", .max_new_tokens = 2}, CallContext())
        .status();
  }

  const std::string file_;
  CountingLoader loader_;
  registry::Revisions revisions_;
  registry::Manager manager_;
  Routing routing_;
  ModelBreakers breakers_{BreakerConfig{}};
  GenerationService service_;
  LikelihoodService likelihood_;
  ServedGenerator generator_;
};

TEST_F(ServedGeneratorTest, RevisionIsThatOfTheLoadedModelNotOfTheDisk) {
  const std::string loaded = generator_.Prepare("a", CallContext())->revision;
  EXPECT_THAT(loaded, HasSubstr("sha256:"));
  PutFile("a pull brought more");
  EXPECT_EQ(generator_.Prepare("a", CallContext())->revision, loaded);
  EXPECT_TRUE(Generate().ok());
}

TEST_F(ServedGeneratorTest, TextOfAnotherRevisionThanPreparedFails) {
  ASSERT_TRUE(generator_.Prepare("a", CallContext()).ok());
  ASSERT_TRUE(Generate().ok());
  PutFile("a pull brought more");
  ASSERT_TRUE(manager_.Unload("a", absl::Seconds(5)).ok());
  const absl::Status status = Generate();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("start a new evaluation"));
  ASSERT_TRUE(generator_.Prepare("a", CallContext()).ok());
  EXPECT_TRUE(Generate().ok());
}

// Otherwise candidates that share the memory for one model would be measured by their loads.
TEST_F(ServedGeneratorTest, LoadTimeIsExcludedFromMeasuredTimes) {
  static constexpr absl::Duration kLoad = absl::Milliseconds(300);
  loader_.before_load = [](const CallContext& /*context*/) {
    absl::SleepFor(kLoad);
    return absl::OkStatus();
  };
  EXPECT_GE(*generator_.MakeResident("a", CallContext()), kLoad);
  EXPECT_EQ(*generator_.MakeResident("a", CallContext()), absl::ZeroDuration());
  for (const char* system : {"", "Be brief."}) {
    const evaluator::GenerationJob job{
        .model = "a", .system = system, .prompt = "Hello", .max_new_tokens = 2};
    const auto resident = generator_.Generate(job, CallContext());
    ASSERT_TRUE(resident.ok()) << resident.status();
    EXPECT_EQ(resident->load_ms, 0);
    ASSERT_TRUE(manager_.Unload("a", absl::Seconds(5)).ok());
    const auto loaded = generator_.Generate(job, CallContext());
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_GE(loaded->load_ms, absl::ToDoubleMilliseconds(kLoad));
    EXPECT_LT(loaded->queue_ms, absl::ToDoubleMilliseconds(kLoad));
    EXPECT_LT(loaded->first_token_ms, absl::ToDoubleMilliseconds(kLoad));
    EXPECT_LT(loaded->total_ms, absl::ToDoubleMilliseconds(kLoad));
  }
}

// Loads, and above all downloads, take longer than a stop may take.
TEST_F(ServedGeneratorTest, EveryLoadOfAnEvaluationEndsWhenTheEvaluationIsCancelled) {
  std::atomic<bool> stopped = false;
  loader_.before_load = [&](const CallContext& context) -> absl::Status {
    stopped = true;
    const absl::Time limit = absl::Now() + Patience();
    while (absl::Now() < limit) {
      if (context.IsDone()) return absl::CancelledError("cancelled");
      absl::SleepFor(absl::Milliseconds(1));
    }
    return absl::InternalError("the load was not cancelled");
  };
  const CallContext context([&stopped] { return stopped.load(); });
  const auto expect_cancelled = [&stopped](const absl::Status& status) {
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
    EXPECT_TRUE(stopped.exchange(false));
  };
  expect_cancelled(generator_.Prepare("a", context).status());
  for (const char* system : {"", "Be brief."}) {
    expect_cancelled(
        generator_.Generate({.model = "a", .system = system, .prompt = "Hello"}, context).status());
  }
  evaluator::LikelihoodJob job{.model = "a", .context = "2 + 2 =", .continuations = {" 4"}};
  expect_cancelled(generator_.Likelihoods(job, context).status());
  job.timeout = absl::Milliseconds(20);
  EXPECT_TRUE(absl::IsDeadlineExceeded(generator_.Likelihoods(job, CallContext()).status()));
}

}  // namespace
}  // namespace assay::server
