// Routing of requests.
#include "server/routing/routing.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/mutex_lock.h"
#include "base/status_macros.h"
#include "registry/catalog/content_types.h"
#include "registry/routing/content_classifier.h"
#include "server/routing/route_file.h"

namespace assay::server {
namespace {

constexpr size_t kMaxKeyBytes = 256;
// Content types are those of routes, so that few are remembered.
constexpr absl::Duration kReportInterval = absl::Hours(24);

uint64_t RandomNonce() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

// Reads the routes of a file into a table.
absl::Status ReadInto(registry::RouteTable* table, const std::string& file) {
  absl::StatusOr<std::vector<registry::RoutePolicy>> policies = ReadRouteFile(file);
  absl::Status status = policies.status();
  if (status.ok()) status = table->Set(*std::move(policies), nullptr);
  if (status.ok()) return status;
  return absl::Status(status.code(), absl::StrCat(status.message(),
                                                  "; correct the file, or delete it to return "
                                                  "to the catalog's routes"));
}

}  // namespace

Routing::Routing(registry::Manager* manager, const registry::EvidenceSource* evidence,
                 Options options)
    : manager_(manager),
      evidence_(evidence),
      options_(std::move(options)),
      next_nonce_(RandomNonce()) {}

absl::Status Routing::Open(std::string file) {
  const MutexLock lock(set_mutex_);
  RETURN_IF_ERROR(ReadInto(&table_, file));
  file_ = std::move(file);
  return absl::OkStatus();
}

absl::Status Routing::CheckFile(const std::string& file) {
  registry::RouteTable table;
  return ReadInto(&table, file);
}

std::shared_ptr<const registry::Catalog> Routing::Catalog() const {
  return options_.kinds == nullptr ? manager_->catalog() : options_.kinds->Generators();
}

absl::Status Routing::CheckNoEncoders(const std::vector<registry::RoutePolicy>& policies) const {
  if (options_.kinds == nullptr) return absl::OkStatus();
  for (const registry::RoutePolicy& policy : policies) {
    for (const auto* models : {&policy.models, &policy.fallback}) {
      for (const std::string& model : *models) {
        if (!options_.kinds->IsEncoder(model)) continue;
        return absl::InvalidArgumentError(
            absl::StrCat("routes.", policy.content_type, ": ", IsEncoderError(model).message()));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Routing::CheckContentType(std::string_view type,
                                       const registry::Catalog& catalog) const {
  if (!options_.refuse_unknown || type.empty() || table_.Find(type, catalog).has_value()) {
    return absl::OkStatus();
  }
  const std::string unknown = registry::UnknownContentType(type, catalog.content_types);
  if (unknown.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("content_type: ", unknown,
                   ", or send such requests to the default model with routing.unknown"));
}

absl::StatusOr<registry::RouteDecision> Routing::Choose(const RoutingInput& input) const {
  if (input.key.size() > kMaxKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("routing_key: has ", input.key.size(), " bytes; at most ", kMaxKeyBytes));
  }
  if (options_.kinds != nullptr && options_.kinds->IsEncoder(input.model)) {
    return IsEncoderError(input.model);
  }
  const std::shared_ptr<const registry::Catalog> catalog = Catalog();
  RETURN_IF_ERROR(CheckContentType(input.content_type, *catalog));
  std::string content_type(input.content_type);
  std::string prefix;
  if (options_.classify && input.model.empty() && content_type.empty()) {
    const std::optional<registry::ContentProposal> proposal =
        registry::ProposeContentType(input.prompt);
    if (proposal.has_value() && Has(proposal->content_type)) {
      content_type = proposal->content_type;
      prefix = absl::StrFormat("classified as '%s' (%.2f); ", content_type, proposal->confidence);
    }
  }
  std::optional<registry::RoutePolicy> policy;
  if (input.model.empty()) policy = table_.Find(content_type, *catalog);
  std::string nonce;
  if (input.key.empty()) nonce = absl::StrCat(next_nonce_++);
  absl::StatusOr<registry::RouteDecision> decision =
      registry::ChooseRoute(*catalog, policy.has_value() ? &*policy : nullptr, evidence_,
                            {.model = input.model,
                             .content_type = content_type,
                             .key = input.key,
                             .nonce = nonce,
                             .down = options_.down});
  if (!decision.ok()) return decision;
  decision->reason.insert(0, prefix);
  decision->content_type = std::move(content_type);
  if (decision->is_evidence_old) ReportOldEvidence(*decision);
  return decision;
}

void Routing::ReportOldEvidence(const registry::RouteDecision& decision) const {
  if (!options_.on_old_evidence) return;
  const absl::Time now = evidence_->Now();
  {
    const MutexLock lock(reported_mutex_);
    const auto [at, added] = reported_.try_emplace(decision.content_type, now);
    if (!added && now - at->second < kReportInterval) return;
    at->second = now;
  }
  options_.on_old_evidence(decision);
}

absl::Status Routing::Set(std::vector<registry::RoutePolicy> policies) {
  const MutexLock lock(set_mutex_);
  return SetWith({}, std::move(policies));
}

absl::Status Routing::Add(std::vector<registry::RoutePolicy> policies) {
  const MutexLock lock(set_mutex_);
  std::vector<registry::RoutePolicy> kept = table_.set();
  for (const registry::RoutePolicy& policy : policies) {
    std::erase_if(kept, [&policy](const registry::RoutePolicy& old) {
      return old.content_type == policy.content_type;
    });
  }
  return SetWith(std::move(kept), std::move(policies));
}

absl::Status Routing::SetWith(std::vector<registry::RoutePolicy> kept,
                              std::vector<registry::RoutePolicy> policies) {
  RETURN_IF_ERROR(CheckNoEncoders(policies));
  const std::shared_ptr<const registry::Catalog> catalog = Catalog();
  registry::RouteTable checked;
  RETURN_IF_ERROR(checked.Set(policies, catalog.get()));
  std::move(policies.begin(), policies.end(), std::back_inserter(kept));
  RETURN_IF_ERROR(checked.Set(kept, nullptr));
  if (!file_.empty()) {
    RETURN_IF_ERROR(WriteRouteFile(file_, kept));
  }
  return table_.Set(std::move(kept), nullptr);
}

std::vector<registry::RouteTable::Route> Routing::InForce() const {
  return table_.InForce(*Catalog());
}

bool Routing::Has(std::string_view content_type) const {
  return table_.Find(content_type, *Catalog()).has_value();
}

std::map<std::string, std::vector<std::string>> Routing::EvaluationsInUse() const {
  std::map<std::string, std::vector<std::string>> in_use;
  if (evidence_ == nullptr) return in_use;
  const std::shared_ptr<const registry::Catalog> catalog = Catalog();
  for (const registry::RouteTable::Route& route : InForce()) {
    const registry::RoutePolicy& policy = route.policy;
    if (policy.rule != registry::RouteRule::kAuto) continue;
    const std::vector<std::string> models =
        policy.models.empty() ? catalog->OwnIds() : policy.models;
    std::set<std::string> ids;
    for (const registry::Evidence& evidence : evidence_->For(policy.content_type)) {
      if (std::find(models.begin(), models.end(), evidence.model) == models.end()) continue;
      const bool counts = evidence.scorer == policy.limits.scorer &&
                          evidence.revision == RevisionOf(evidence.model);
      if (counts) ids.insert(evidence.evaluation_id);
    }
    for (const std::string& id : ids) in_use[id].push_back(policy.content_type);
  }
  return in_use;
}

std::string Routing::RevisionOf(std::string_view model) const {
  const std::shared_ptr<const registry::Catalog> catalog = manager_->catalog();
  const registry::ModelEntry* entry = catalog->Find(model);
  return entry == nullptr || evidence_ == nullptr ? "" : evidence_->RevisionOf(*entry);
}

}  // namespace assay::server
