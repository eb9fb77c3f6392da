// The models of a route that could not answer a request.
#include "server/serving/route_failures.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "base/utf8.h"

namespace assay::server {
namespace {

// The longest quotation of an error in the reason of a route.
constexpr size_t kMaxErrorBytes = 300;

}  // namespace

void RouteFailures::Add(std::string model, absl::Status status) {
  failures_.push_back({std::move(model), std::move(status)});
}

absl::Status RouteFailures::ToStatus() const {
  if (failures_.size() == 1) return failures_.front().status;
  const auto transient =
      std::find_if(failures_.begin(), failures_.end(), [](const Failure& failure) {
        return absl::IsUnavailable(failure.status) || absl::IsResourceExhausted(failure.status);
      });
  const Failure& reported = transient == failures_.end() ? failures_.front() : *transient;
  absl::Status status(reported.status.code(),
                      absl::StrCat("no model of the route could answer: ", Describe()));
  // A payload says when to try again.
  reported.status.ForEachPayload([&status](absl::string_view type, const absl::Cord& payload) {
    status.SetPayload(type, payload);
  });
  return status;
}

void RouteFailures::FallBack(const std::string& model, registry::RouteDecision* route) const {
  route->reason = absl::StrCat(Describe(), ", so '", model, "' answers; at first: ", route->reason);
  route->rule = "fallback";
  route->model = model;
  for (const Failure& failure : failures_) route->tried.push_back(failure.model);
  route->evidence.reset();
  for (const registry::Candidate& candidate : route->candidates) {
    if (candidate.model == model) route->evidence = candidate.evidence;
  }
}

std::string RouteFailures::Describe() const {
  return absl::StrJoin(failures_, "; ", [](std::string* out, const Failure& failure) {
    absl::StrAppend(
        out, "'", failure.model, "' failed with ", absl::StatusCodeToString(failure.status.code()),
        " (", ReplaceInvalidUtf8(std::string(failure.status.message().substr(0, kMaxErrorBytes))),
        ")");
  });
}

}  // namespace assay::server
