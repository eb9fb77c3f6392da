// Tests the span exporter against a scripted receiver.
#include "server/tracing/span_exporter.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/mutex_lock.h"
#include "base/steady_time.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

using nlohmann::json;

const Delivery kAccepted{};
const Delivery kBusy{.status = absl::UnavailableError("busy"), .retryable = true};
const Delivery kRejected{.status = absl::UnknownError("refused")};

// Shared with the receiver, because the exporter owns the receiver.
struct Script {
  absl::Mutex mutex;
  std::function<Delivery(int)> answer = [](int) { return kAccepted; };
  std::vector<size_t> sizes;
  SteadyTime expires = SteadyTime::InfiniteFuture();

  int requests() {
    const MutexLock lock(mutex);
    return static_cast<int>(sizes.size());
  }
};

class ScriptedReceiver final : public SpanReceiver {
 public:
  explicit ScriptedReceiver(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Delivery Send(const std::string& body) override {
    const json request = json::parse(body);
    const MutexLock lock(script_->mutex);
    script_->sizes.push_back(
        request.at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").size());
    if (script_->expires.HasPassed()) return kBusy;
    return script_->answer(static_cast<int>(script_->sizes.size()) - 1);
  }
  void Expire(SteadyTime when) override {
    const MutexLock lock(script_->mutex);
    script_->expires = when;
  }

 private:
  const std::shared_ptr<Script> script_;
};

class SpanExporterTest : public testing::Test {
 protected:
  std::unique_ptr<SpanExporter> Start(SpanExporter::Options options = {}) {
    options.delay = absl::Milliseconds(10);
    options.initial_backoff = absl::Milliseconds(1);
    options.max_backoff = absl::Milliseconds(5);
    return std::make_unique<SpanExporter>(std::make_unique<ScriptedReceiver>(script_), options);
  }

  static std::vector<Span> Trace(int spans) {
    return std::vector<Span>(static_cast<size_t>(spans), Span{.name = "s"});
  }

  const std::shared_ptr<Script> script_ = std::make_shared<Script>();
};

TEST_F(SpanExporterTest, StopSendsQueuedSpansInBatches) {
  SpanExporter::Options options;
  options.max_batch = 4;
  const auto exporter = Start(options);
  for (int i = 0; i < 5; ++i) exporter->Export(Trace(2));
  exporter->Stop(absl::Seconds(10));
  EXPECT_EQ(exporter->counts().exported, 10);
  EXPECT_EQ(exporter->counts().dropped, 0);
  for (const size_t size : script_->sizes) EXPECT_LE(size, 4U);
}

TEST_F(SpanExporterTest, SendsSpansAfterTheDelay) {
  const auto exporter = Start();
  exporter->Export(Trace(3));
  for (int i = 0; i < 1000 && exporter->counts().exported < 3; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(exporter->counts().exported, 3);
}

TEST_F(SpanExporterTest, RetriesABusyReceiverAndDeliversOnce) {
  script_->answer = [](int request) { return request < 3 ? kBusy : kAccepted; };
  const auto exporter = Start();
  exporter->Export(Trace(3));
  exporter->Stop(absl::Seconds(10));
  EXPECT_EQ(exporter->counts().exported, 3);
  EXPECT_EQ(script_->requests(), 4);
}

TEST_F(SpanExporterTest, RejectedBatchIsCountedAndDoesNotBlockTheNext) {
  script_->answer = [](int request) { return request == 0 ? kRejected : kAccepted; };
  SpanExporter::Options options;
  options.max_batch = 2;
  int errors = 0;
  options.on_error = [&errors](const absl::Status&) { ++errors; };
  const auto exporter = Start(options);
  exporter->Export(Trace(4));
  exporter->Stop(absl::Seconds(10));
  EXPECT_EQ(exporter->counts().failed, 2);
  EXPECT_EQ(exporter->counts().exported, 2);
  EXPECT_EQ(errors, 1);
}

TEST_F(SpanExporterTest, GivesUpAfterMaxAttempts) {
  script_->answer = [](int) { return kBusy; };
  SpanExporter::Options options;
  options.max_attempts = 3;
  const auto exporter = Start(options);
  exporter->Export(Trace(1));
  exporter->Stop(absl::Seconds(10));
  EXPECT_EQ(script_->requests(), 3);
  EXPECT_EQ(exporter->counts().failed, 1);
}

TEST_F(SpanExporterTest, FullQueueDropsWholeTracesWithoutBlocking) {
  script_->answer = [](int) { return kBusy; };
  SpanExporter::Options options;
  options.max_queued = 10;
  const auto exporter = Start(options);
  const absl::Time start = absl::Now();
  for (int i = 0; i < 100; ++i) exporter->Export(Trace(4));
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  EXPECT_GT(exporter->counts().dropped, 0);
  EXPECT_EQ(exporter->counts().dropped % 4, 0);
}

TEST_F(SpanExporterTest, StopReturnsInTimeWhenTheReceiverIsBusy) {
  script_->answer = [](int) { return kBusy; };
  SpanExporter::Options options;
  options.max_attempts = 1'000'000;
  const auto exporter = Start(options);
  exporter->Export(Trace(1));
  const absl::Time start = absl::Now();
  exporter->Stop(absl::Milliseconds(200));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  EXPECT_EQ(exporter->counts().failed, 1);
  exporter->Export(Trace(2));
  EXPECT_EQ(exporter->counts().dropped, 2);
}

TEST_F(SpanExporterTest, PartiallyRejectedSpansCountAsFailed) {
  script_->answer = [](int) { return Delivery{.rejected = 2}; };
  const auto exporter = Start();
  exporter->Export(Trace(5));
  exporter->Stop(absl::Seconds(10));
  EXPECT_EQ(exporter->counts().exported, 3);
  EXPECT_EQ(exporter->counts().failed, 2);
}

}  // namespace
}  // namespace assay::server
