// How long a request will wait until the model begins with it.
#include "engine/runtime/scheduler/wait_estimate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/fair_share.h"

namespace assay::engine {
namespace {

// The weight of the newest text in the average of lengths.
constexpr double kNewest = 0.05;
// A text that is longer than the average one has at least this part of the rest left.
constexpr double kLeastRest = 0.1;

// Returns the places of one caller if `places` are shared fairly: none gets more than it can use,
// and the rest is divided in proportion to the shares (max-min fairness).
double FairPlaces(double places, double own_share, double own_requests,
                  std::vector<std::pair<double, double>> others) {
  // Pairs of the requests and the share of a caller. Those that need the least per share first.
  std::sort(others.begin(), others.end(),
            [](const auto& a, const auto& b) { return a.first * b.second < b.first * a.second; });
  double shares = own_share;
  for (const auto& [requests, share] : others) shares += share;
  for (const auto& [requests, share] : others) {
    const double fair = places * share / shares;
    if (requests >= fair) break;
    places -= requests;
    shares -= share;
  }
  return std::clamp(places * own_share / shares, 1.0, std::max(own_requests, 1.0));
}

}  // namespace

WaitEstimate::Work WaitEstimate::WorkOf(const Sequence& sequence) {
  const bool decodes = sequence.is_decoding();
  return {.account = sequence.account,
          .number = sequence.arrival_number,
          .priority = sequence.priority(),
          .prompt_tokens = decodes ? 0 : sequence.length() - sequence.computed,
          .generated_tokens = sequence.generated_tokens(),
          .max_tokens = sequence.max_tokens()};
}

double WaitEstimate::Seconds(const Work& work) const {
  const auto left = static_cast<double>(work.max_tokens - work.generated_tokens);
  const double expected = used_part_ * static_cast<double>(work.max_tokens) -
                          static_cast<double>(work.generated_tokens);
  return static_cast<double>(work.prompt_tokens) * absl::ToDoubleSeconds(pace_.prompt_token) +
         std::max(expected, kLeastRest * left) * absl::ToDoubleSeconds(pace_.generated_token);
}

absl::Duration WaitEstimate::WaitIn(Line line) const {
  const auto places = static_cast<size_t>(std::lround(line.places));
  std::sort(line.running.begin(), line.running.end());
  // A caller that has more than its places gets none of those that end first.
  if (line.running.size() > places) {
    line.running.erase(line.running.begin(),
                       line.running.end() - static_cast<std::ptrdiff_t>(places));
  }
  // All requests of the model progress together, so that each takes this many times its own work.
  const double together = places_;
  std::priority_queue<double, std::vector<double>, std::greater<>> ends;
  for (const double seconds : line.running) ends.push(seconds * together);
  double start = 0;
  for (size_t i = 0; i <= line.ahead.size(); ++i) {
    start = 0;
    if (ends.size() >= places) {
      start = ends.top();
      ends.pop();
    }
    if (i < line.ahead.size()) ends.push(start + line.ahead[i] * together);
  }
  return absl::Seconds(start);
}

absl::Duration WaitEstimate::Expected(const std::string& caller, double share, int priority,
                                      const FairShare& callers,
                                      absl::Span<const Work> waiting) const {
  const FairShare::Account* const own = callers.Find(caller);
  Line line;
  if (own != nullptr) {
    // Those of lower priority make place.
    for (const Work& work : running_) {
      if (work.account == own && work.priority >= priority) line.running.push_back(Seconds(work));
    }
    for (const Work& work : waiting) {
      if (work.account == own && work.priority >= priority) line.ahead.push_back(Seconds(work));
    }
  }
  std::vector<std::pair<double, double>> others;
  for (const auto& [id, account] : callers.accounts()) {
    if (&account == own || account.IsIdle()) continue;
    others.emplace_back(account.waiting + account.running, account.share);
  }
  const double own_requests = own == nullptr ? 0 : own->waiting + own->running;
  line.places = FairPlaces(places_, share, own_requests + 1, std::move(others));
  return WaitIn(std::move(line));
}

absl::Duration WaitEstimate::Backlog(absl::Span<const Work> waiting) const {
  Line line{.places = static_cast<double>(places_)};
  for (const Work& work : running_) line.running.push_back(Seconds(work));
  for (const Work& work : waiting) line.ahead.push_back(Seconds(work));
  return WaitIn(std::move(line));
}

void WaitEstimate::Remove(int64_t number) {
  std::erase_if(running_, [&](const Work& work) { return work.number == number; });
}

void WaitEstimate::RecordText(int64_t tokens, int64_t max_tokens) {
  if (max_tokens <= 0) return;
  const double part = static_cast<double>(tokens) / static_cast<double>(max_tokens);
  used_part_ += kNewest * (std::min(part, 1.0) - used_part_);
}

}  // namespace assay::engine
