// A request for text and its result.
#include "server/serving/generation_types.h"

#include <string_view>

namespace assay::server {

std::string_view FinishReasonName(FinishReason reason) {
  switch (reason) {
    case FinishReason::kEndOfText:
      return "end_of_text";
    case FinishReason::kStopString:
      return "stop_string";
    case FinishReason::kStopToken:
      return "stop_token";
    case FinishReason::kLength:
      return "length";
  }
  return "unspecified";
}

}  // namespace assay::server
