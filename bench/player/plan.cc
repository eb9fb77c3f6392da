// Plans of requests that bench/serve.py passes to a player, and their outcomes.
#include "bench/player/plan.h"

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"

namespace assay::bench {
namespace {

using nlohmann::json;

absl::Status EntryError(size_t index, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("plan[", index, "]", what));
}

// Returns the seconds under `key`, at least 0, or `absent` if the entry has no such key.
absl::StatusOr<absl::Duration> Seconds(const json& entry, const char* key, absl::Duration absent) {
  const auto found = entry.find(key);
  if (found == entry.end()) return absent;
  if (!found->is_number() || found->get<double>() < 0) {
    return absl::InvalidArgumentError(absl::StrCat(".", key, ": is not a number of seconds"));
  }
  return absl::Seconds(found->get<double>());
}

absl::StatusOr<PlannedRequest> ReadEntry(const json& entry) {
  if (!entry.is_object() || !entry.contains("request")) {
    return absl::InvalidArgumentError(": is not an object with a request");
  }
  PlannedRequest planned;
  const auto read =
      google::protobuf::util::JsonStringToMessage(entry["request"].dump(), &planned.request);
  if (!read.ok()) return absl::InvalidArgumentError(absl::StrCat(".request: ", read.ToString()));
  ASSIGN_OR_RETURN(const auto at, Seconds(entry, "at", planned.at));
  ASSIGN_OR_RETURN(const auto cancel_after, Seconds(entry, "cancel_after", planned.cancel_after));
  ASSIGN_OR_RETURN(const auto deadline, Seconds(entry, "deadline", planned.deadline));
  planned.at = at;
  planned.cancel_after = cancel_after;
  planned.deadline = deadline;
  if (const auto unary = entry.find("unary"); unary != entry.end()) {
    if (!unary->is_boolean()) return absl::InvalidArgumentError(".unary: is not true or false");
    planned.unary = unary->get<bool>();
  }
  return planned;
}

json ToJson(const Outcome& outcome) {
  json deltas = json::array();
  for (const Delta& delta : outcome.deltas) {
    deltas.push_back({absl::ToDoubleSeconds(delta.time), delta.tokens});
  }
  const assay::v1::GenerateResponse& completed = outcome.completed;
  return {{"code", outcome.code},
          {"message", outcome.message},
          {"retry_s", outcome.retry_delay.has_value()
                          ? json(absl::ToDoubleSeconds(*outcome.retry_delay))
                          : json()},
          {"start", absl::ToDoubleSeconds(outcome.start)},
          {"end", absl::ToDoubleSeconds(outcome.end)},
          {"deltas", std::move(deltas)},
          {"text", completed.text()},
          {"finish_reason", assay::v1::FinishReason_Name(completed.finish_reason())},
          {"prompt_tokens", completed.usage().prompt_tokens()},
          {"cached_tokens", completed.usage().cached_tokens()},
          {"completion_tokens", completed.usage().completion_tokens()}};
}

// Returns the CPU time of all threads, including time in the kernel.
double CpuSeconds() {
  constexpr double kMicro = 1e-6;
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         kMicro * static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

}  // namespace

int64_t Stopwatch::Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

absl::Duration Stopwatch::Elapsed() const { return absl::Nanoseconds(Now() - start_); }

absl::StatusOr<std::vector<PlannedRequest>> ReadPlan(const std::string& text) {
  const json list = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) return absl::InvalidArgumentError("plan: is not a JSON list");
  std::vector<PlannedRequest> plan;
  for (size_t i = 0; i < list.size(); ++i) {
    absl::StatusOr<PlannedRequest> planned = ReadEntry(list[i]);
    if (!planned.ok()) return EntryError(i, std::string(planned.status().message()));
    plan.push_back(*std::move(planned));
  }
  return plan;
}

int ServePlans(const PlayFn& play) {
  std::string line;
  while (std::getline(std::cin, line)) {
    const absl::StatusOr<std::vector<PlannedRequest>> plan = ReadPlan(line);
    if (!plan.ok()) {
      std::cerr << plan.status() << '\n';
      return 1;
    }
    const double before = CpuSeconds();
    const Stopwatch watch;
    const std::vector<Outcome> outcomes = play(*plan);
    const double wall = absl::ToDoubleSeconds(watch.Elapsed());
    json result = {{"cpu_s", CpuSeconds() - before}, {"wall_s", wall}};
    json& all = result["outcomes"] = json::array();
    for (const Outcome& outcome : outcomes) all.push_back(ToJson(outcome));
    std::cout << result.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
  return 0;
}

}  // namespace assay::bench
