// Which models of the catalog are encoders.
#ifndef ASSAY_SERVER_ROUTING_MODEL_KINDS_H_
#define ASSAY_SERVER_ROUTING_MODEL_KINDS_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "registry/catalog/catalog.h"
#include "registry/residency/manager.h"

namespace assay::server {

// Knows without loading a model whether it generates text or is an encoder, so that no route picks
// an encoder and no wrong request loads a model. A model whose files are not on this machine counts
// as one that generates, until it is loaded. The files of all models are looked at once per
// catalog; answers are then cheap. Thread-safe.
class ModelKinds {
 public:
  // Returns true if a file or folder is an encoder's.
  using IsEncoderFn = std::function<bool(const std::string& path)>;

  // `manager` must outlive this object. `hub_cache` is the folder of downloaded repositories.
  ModelKinds(const registry::Manager* manager, std::string hub_cache, IsEncoderFn is_encoder);

  bool IsEncoder(std::string_view id) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns true if the model's files are on this machine and not an encoder's.
  bool Generates(std::string_view id) ABSL_LOCKS_EXCLUDED(mutex_);
  // Returns the catalog without its encoders. It has no default model if that is an encoder.
  std::shared_ptr<const registry::Catalog> Generators() ABSL_LOCKS_EXCLUDED(mutex_);
  // Must be called when files may have been added: the next answer looks at them again.
  void Forget() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Known {
    // The catalog that was looked at. Null: none.
    std::shared_ptr<const registry::Catalog> all;
    std::shared_ptr<const registry::Catalog> generators;
    std::set<std::string, std::less<>> encoders;
    std::set<std::string, std::less<>> generating;
  };
  const Known& Look() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const registry::Manager* const manager_;
  const std::string hub_cache_;
  const IsEncoderFn is_encoder_;
  absl::Mutex mutex_;
  Known known_ ABSL_GUARDED_BY(mutex_);
};

// Return FAILED_PRECONDITION for a model of the wrong kind, with its id and what to do.
absl::Status IsEncoderError(std::string_view model);
absl::Status IsNoEncoderError(std::string_view model);

}  // namespace assay::server

#endif  // ASSAY_SERVER_ROUTING_MODEL_KINDS_H_
