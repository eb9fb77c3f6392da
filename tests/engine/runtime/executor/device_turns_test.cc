// A test that no two threads are ever inside libtorch for one device.
#include "engine/runtime/executor/device_turns.h"

#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/runtime/executor/device_self_test.h"
#include "engine/runtime/language_model.h"
#include "tests/engine/runtime/tiny_models.h"

namespace assay::engine {
namespace {

int64_t Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// An operator that a thread called and that no other operator contained.
struct Interval {
  int64_t begin = 0;
  int64_t end = 0;
  std::thread::id thread;
  std::string name;
};

std::mutex mutex;
std::vector<Interval> intervals;
thread_local int depth = 0;
thread_local int64_t began = 0;

std::unique_ptr<at::ObserverContext> OnStart(const at::RecordFunction&) {
  if (depth++ == 0) began = Now();
  return nullptr;
}

// Meta tensors have no device: the check of a file's tensors uses them outside of a turn.
bool HasMetaResult(const at::RecordFunction& function) {
  return std::any_of(
      function.outputs().begin(), function.outputs().end(),
      [](const c10::IValue& value) { return value.isTensor() && value.toTensor().is_meta(); });
}

void OnEnd(const at::RecordFunction& function, at::ObserverContext*) {
  if (--depth > 0 || HasMetaResult(function)) return;
  const std::lock_guard lock(mutex);
  intervals.push_back({began, Now(), std::this_thread::get_id(), function.name()});
}

// Loads, runs and unloads a model several times, with several requests at once.
void UseModel(const std::string& name, const std::string& weights) {
  for (int round = 0; round < 3; ++round) {
    LoadOptions options = TinyModelOptions(name);
    options.cpu_kernels = false;
    options.weights = weights;
    options.kv_cache = "auto";
    auto model = LanguageModel::Load(options);
    ASSERT_TRUE(model.ok()) << model.status();
    std::vector<std::shared_ptr<GenerationStream>> streams;
    for (int i = 0; i < 3; ++i) {
      GenerationRequest request;
      request.prompt.text = "the quick brown fox";
      request.max_new_tokens = 8;
      request.sampling.temperature = i == 0 ? 0.0F : 1.0F;
      auto stream = (*model)->Submit(std::move(request));
      ASSERT_TRUE(stream.ok()) << stream.status();
      streams.push_back(*std::move(stream));
    }
    const std::vector<TokenId> tokens = {1, 2, 3, 4};
    EXPECT_TRUE((*model)->ScoreTokens(tokens, 1, CallContext()).ok());
  }
}

TEST(DeviceTurnsTest, NoTwoThreadsAreInsideLibtorchForADevice) {
  const auto handle = at::addGlobalCallback(at::RecordFunctionCallback(OnStart, OnEnd)
                                                .needsOutputs(true)
                                                .scopes({at::RecordScope::FUNCTION}));
  {
    std::vector<std::thread> threads;
    threads.emplace_back(UseModel, "tiny_tied", "full");
    threads.emplace_back(UseModel, "tiny_odd", "int8");
    threads.emplace_back([] {
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(TestDevice(at::Device(at::kCPU), at::kFloat).ok());
    });
    for (std::thread& thread : threads) thread.join();
  }
  at::removeCallback(handle);
  const std::lock_guard lock(mutex);
  ASSERT_GT(intervals.size(), 1000);
  std::sort(intervals.begin(), intervals.end(),
            [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  int64_t overlaps = 0;
  for (size_t i = 1; i < intervals.size(); ++i) {
    const Interval& before = intervals[i - 1];
    if (intervals[i].begin >= before.end || intervals[i].thread == before.thread) continue;
    if (++overlaps <= 5) ADD_FAILURE() << before.name << " and " << intervals[i].name;
  }
  EXPECT_EQ(overlaps, 0) << "of " << intervals.size() << " operators";
}

}  // namespace
}  // namespace assay::engine
