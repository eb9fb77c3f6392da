// Route policies with every rule, for tests.
#ifndef ASSAY_TESTS_SERVER_ROUTING_ROUTE_POLICIES_H_
#define ASSAY_TESTS_SERVER_ROUTING_ROUTE_POLICIES_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "registry/catalog/route_policy.h"

namespace assay::server {

// Returns policies of every rule for the models "a" and "b".
inline std::vector<registry::RoutePolicy> EveryRule() {
  return {
      {.content_type = "linkedin", .models = {"b"}, .fallback = {"a"}},
      {.content_type = "email",
       .rule = registry::RouteRule::kWeighted,
       .models = {"b", "a"},
       .weights = {0.1, 1e-5}},
      {.content_type = "technical", .rule = registry::RouteRule::kFallback, .models = {"b", "a"}},
      {.content_type = "blog",
       .rule = registry::RouteRule::kAuto,
       .models = {"a", "b"},
       .limits = {.scorer = "assay",
                  .min_samples = 7,
                  .min_success_rate = 0.5,
                  .max_latency = absl::Milliseconds(1250),
                  .max_cost_usd = 1.7e-6,
                  .max_memory_bytes = int64_t{5} << 30,
                  .margin = 0.25,
                  .min_saving = 0.1},
       .explore = 0.05,
       .otherwise = "b"},
      {.content_type = "twitter", .rule = registry::RouteRule::kAuto}};
}

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_ROUTING_ROUTE_POLICIES_H_
