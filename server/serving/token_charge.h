// Counts the tokens of a request for the quota of its key.
#ifndef ASSAY_SERVER_SERVING_TOKEN_CHARGE_H_
#define ASSAY_SERVER_SERVING_TOKEN_CHARGE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "server/access/caller.h"
#include "server/serving/generation.h"
#include "server/serving/generation_types.h"

namespace assay::server {

// Counts tokens for the caller's key. Does nothing for callers without one.
void ChargeTokens(const Caller& caller, int64_t tokens);

// Estimates the tokens of a text from its size, where no tokenizer has counted them.
int64_t EstimateTokens(size_t bytes);

// Passes the progress of a request on, and remembers what a request that is cut off has used.
class ChargedObserver final : public GenerationObserver {
 public:
  // `inner` may be null. All referents must outlive this object.
  ChargedObserver(const GenerateCall& call, const Caller& caller, GenerationObserver* inner)
      : call_(call), caller_(caller), inner_(inner) {}

  void OnStarted(const registry::RouteDecision& route, const registry::Handle& model) override;
  bool OnText(const TextDelta& delta) override;

  // Charges the request: its tokens if it is complete, else those that it generated and an estimate
  // of its prompt.
  void Charge(const absl::StatusOr<GenerateResult>& result) const;

 private:
  const GenerateCall& call_;
  const Caller& caller_;
  GenerationObserver* const inner_;
  bool started_ = false;
  int64_t generated_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_SERVING_TOKEN_CHARGE_H_
