// Tests of the energy and the cost of samples.
#include <algorithm>
#include <vector>

#include "tests/evaluator/run/runner_fixture.h"

namespace assay::evaluator {
namespace {

// Counts `step` joules per reading.
class FakeMeter : public EnergyMeter {
 public:
  explicit FakeMeter(double step) : step_(step) {}
  double Joules() override { return joules_ += step_; }
  std::string source() const override { return "fake"; }

 private:
  const double step_;
  double joules_ = 1000;
};

using RunnerEnergyTest = RunnerTest;

TEST_F(RunnerEnergyTest, EnergyAndCostComeFromTheMeter) {
  FakeMeter meter(72);
  options_.energy = &meter;
  options_.economics.electricity_usd_per_kwh = 0.5;
  // 1 USD per busy second.
  options_.economics.hardware_usd = 365.0 * 3600;
  options_.economics.hardware_years = 1;
  options_.economics.busy_hours_per_day = 1;
  Create();
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_EQ(followed.samples.size(), 8U);
  for (const Sample& sample : followed.samples) {
    EXPECT_DOUBLE_EQ(sample.energy.joules, 72);
    EXPECT_EQ(sample.energy.source, "fake");
    const double busy_s = (sample.generation.total_ms - sample.generation.queue_ms) / 1e3;
    EXPECT_NEAR(sample.cost_usd, 72 / 3.6e6 * 0.5 + busy_s, 1e-12);
  }
}

// Otherwise the measurements of candidates that evict each other would include their loads.
TEST_F(RunnerEnergyTest, AModelIsReloadedBeforeTheMeterStartsAndTheSampleRecordsIt) {
  FakeMeter meter(72);
  options_.energy = &meter;
  generator_.reload = absl::Seconds(2);
  generator_.during_reload = [&meter] { meter.Joules(); };
  Create();
  const Runner::Started started = Start(TwoByTwo());
  ASSERT_EQ(Follow(*started.feed).samples.size(), 8U);
  const auto samples = store_->Samples(started.evaluation.id);
  ASSERT_TRUE(samples.ok()) << samples.status();
  for (const Sample& sample : *samples) {
    EXPECT_EQ(sample.generation.load_ms, 2000);
    EXPECT_DOUBLE_EQ(sample.energy.joules, 72);
  }
  // The warm-ups: two at the start, and one before each sample.
  const std::vector<GenerationJob> jobs = generator_.jobs();
  EXPECT_EQ(std::count_if(jobs.begin(), jobs.end(),
                          [](const GenerationJob& job) { return job.max_new_tokens < 64; }),
            10);
}

TEST_F(RunnerEnergyTest, WithoutAMeterTheStatedWattsAreUsed) {
  const Followed followed = Follow(*Start(TwoByTwo()).feed);
  ASSERT_EQ(followed.samples.size(), 8U);
  for (const Sample& sample : followed.samples) {
    const double busy_s = (sample.generation.total_ms - sample.generation.queue_ms) / 1e3;
    EXPECT_NEAR(sample.energy.joules, 20 * busy_s, 1e-9);
    EXPECT_EQ(sample.energy.source, "stated");
    EXPECT_NEAR(sample.cost_usd, 0.020 * busy_s / 3600 * 0.15, 1e-15);
  }
}

TEST_F(RunnerEnergyTest, AMeterThatDoesNotAdvanceIsIgnored) {
  FakeMeter meter(0);
  options_.energy = &meter;
  Create();
  for (const Sample& sample : Follow(*Start(TwoByTwo()).feed).samples) {
    EXPECT_EQ(sample.energy.source, "stated");
    EXPECT_GT(sample.energy.joules, 0);
  }
}

}  // namespace
}  // namespace assay::evaluator
