// Plays plans (plan.h) through a daemon's gRPC interface, as a client on one connection. It has one
// thread with one queue, so that it takes little of the cores that it shares with the daemon.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/inference.grpc.pb.h"
#include "bench/player/plan.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/channel_arguments.h"

namespace assay::bench {
namespace {

using assay::v1::GenerateResponse;
using assay::v1::GenerateStreamResponse;
using assay::v1::InferenceService;

std::optional<absl::Duration> RetryDelay(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const auto& detail : details.details()) {
    google::rpc::RetryInfo retry;
    if (!detail.Is<google::rpc::RetryInfo>() || !detail.UnpackTo(&retry)) continue;
    return absl::Seconds(retry.retry_delay().seconds()) +
           absl::Nanoseconds(retry.retry_delay().nanos());
  }
  return std::nullopt;
}

// A running request: a state machine that is driven by the ends of its operations. Exists until the
// whole plan has ended.
class Call {
 public:
  Call(InferenceService::Stub& stub, const PlannedRequest& planned, const Stopwatch& watch)
      : stub_(stub), planned_(planned), watch_(watch) {}

  void Start(grpc::CompletionQueue& queue) {
    outcome_.start = watch_.Elapsed();
    if (planned_.deadline != absl::InfiniteDuration()) {
      context_.set_deadline(absl::ToChronoTime(absl::Now() + planned_.deadline));
    }
    if (planned_.unary) {
      state_ = State::kFinishing;
      whole_ = stub_.AsyncGenerate(&context_, planned_.request, &queue);
      whole_->Finish(&outcome_.completed, &status_, this);
      return;
    }
    stream_ = stub_.AsyncGenerateStream(&context_, planned_.request, &queue, this);
  }

  // Does nothing after the end.
  void Cancel() { context_.TryCancel(); }

  // Handles the end of an operation. Returns true if the call has ended.
  bool Proceed(bool ok) {
    if (state_ == State::kFinishing) {
      outcome_.end = watch_.Elapsed();
      // gRPC and absl have the same numbers.
      outcome_.code = absl::StatusCodeToString(static_cast<absl::StatusCode>(status_.error_code()));
      outcome_.message = status_.error_message();
      outcome_.retry_delay = RetryDelay(status_);
      return true;
    }
    if (state_ == State::kReading && ok) RecordEvent();
    state_ = ok ? State::kReading : State::kFinishing;
    if (ok) {
      stream_->Read(&event_, this);
    } else {
      stream_->Finish(&status_, this);
    }
    return false;
  }

  // Must be called after the end.
  Outcome TakeOutcome() { return std::move(outcome_); }

 private:
  enum class State { kStarting, kReading, kFinishing };

  void RecordEvent() {
    if (event_.has_delta()) {
      outcome_.deltas.push_back({watch_.Elapsed(), event_.delta().tokens_size()});
    } else if (event_.has_completed()) {
      outcome_.completed = std::move(*event_.mutable_completed());
    }
  }

  InferenceService::Stub& stub_;
  const PlannedRequest& planned_;
  const Stopwatch& watch_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReader<GenerateStreamResponse>> stream_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<GenerateResponse>> whole_;
  GenerateStreamResponse event_;
  grpc::Status status_;
  State state_ = State::kStarting;
  Outcome outcome_;
};

struct Action {
  absl::Duration at;
  std::function<void()> act;
};

// Returns the starts and cancellations of the plan, sorted by time.
std::vector<Action> Actions(const std::vector<PlannedRequest>& plan,
                            const std::vector<std::unique_ptr<Call>>& calls,
                            grpc::CompletionQueue& queue) {
  std::vector<Action> actions;
  actions.reserve(2 * plan.size());
  for (size_t i = 0; i < plan.size(); ++i) {
    Call* const call = calls[i].get();
    actions.push_back({plan[i].at, [call, &queue] { call->Start(queue); }});
    if (plan[i].cancel_after == absl::InfiniteDuration()) continue;
    actions.push_back({plan[i].at + plan[i].cancel_after, [call] { call->Cancel(); }});
  }
  std::stable_sort(actions.begin(), actions.end(),
                   [](const Action& a, const Action& b) { return a.at < b.at; });
  return actions;
}

std::vector<Outcome> Play(InferenceService::Stub& stub, const std::vector<PlannedRequest>& plan) {
  grpc::CompletionQueue queue;
  const Stopwatch watch;
  std::vector<std::unique_ptr<Call>> calls;
  calls.reserve(plan.size());
  for (const PlannedRequest& planned : plan) {
    calls.push_back(std::make_unique<Call>(stub, planned, watch));
  }
  const std::vector<Action> actions = Actions(plan, calls, queue);
  size_t next = 0;
  for (size_t running = calls.size(); running > 0;) {
    while (next < actions.size() && actions[next].at <= watch.Elapsed()) actions[next++].act();
    const absl::Duration pause =
        next < actions.size() ? actions[next].at - watch.Elapsed() : absl::InfiniteDuration();
    void* call = nullptr;
    bool ok = false;
    const auto event = queue.AsyncNext(&call, &ok, absl::ToChronoTime(absl::Now() + pause));
    if (event != grpc::CompletionQueue::GOT_EVENT) continue;
    if (static_cast<Call*>(call)->Proceed(ok)) --running;
  }
  std::vector<Outcome> outcomes;
  outcomes.reserve(calls.size());
  for (const std::unique_ptr<Call>& call : calls) outcomes.push_back(call->TakeOutcome());
  return outcomes;
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  CLI::App app("Plays plans of requests (bench/player/plan.h) through a daemon's gRPC interface");
  std::string address;
  app.add_option("--address", address, "host:port of the daemon")->required();
  CLI11_PARSE(app, argc, argv);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  const auto stub = assay::v1::InferenceService::NewStub(
      grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  return assay::bench::ServePlans([&](const std::vector<assay::bench::PlannedRequest>& plan) {
    return assay::bench::Play(*stub, plan);
  });
}
