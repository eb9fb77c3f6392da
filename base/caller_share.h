// The caller of a piece of work, as the queues see it.
#ifndef ASSAY_BASE_CALLER_SHARE_H_
#define ASSAY_BASE_CALLER_SHARE_H_

#include <string>

namespace assay {

// One of the callers that share a queue.
struct CallerShare {
  // Empty for the daemon's own work.
  std::string id;
  // Its share of a busy resource, relative to the shares of the other callers. Greater than 0.
  double share = 1;
};

}  // namespace assay

#endif  // ASSAY_BASE_CALLER_SHARE_H_
