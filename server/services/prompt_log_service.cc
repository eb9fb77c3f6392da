// The gRPC service assay.v1.PromptLogService.
#include "server/services/prompt_log_service.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "server/wire/proto_time.h"

namespace assay::server {
namespace {

constexpr int kDefaultListLimit = 50;
constexpr int kMaxListLimit = 1000;
// Clients of gRPC accept replies of 4 MiB.
constexpr int64_t kMaxPageBytes = int64_t{2} << 20;
// The longest wait for prompts that are still on their way to the store.
constexpr absl::Duration kMaxFlush = absl::Seconds(5);

// Returns the row of a page token, 0 for the first page.
absl::StatusOr<int64_t> RowOf(const std::string& token) {
  int64_t row = 0;
  if (token.empty() || (absl::SimpleAtoi(token, &row) && row > 0)) return row;
  return absl::InvalidArgumentError(
      "page_token: is not a next_page_token of this server; leave it empty for the first page");
}

void ToProto(const evaluator::RecordedPrompt& prompt, assay::v1::RecordedPrompt* out) {
  out->set_request_id(prompt.request_id);
  out->set_content_type(prompt.content_type);
  out->set_model(prompt.model);
  out->set_rule(prompt.rule);
  *out->mutable_recorded_at() = ToTimestamp(prompt.recorded_at);
  out->set_prompt(prompt.prompt);
  out->set_system(prompt.system);
  out->set_redactions(prompt.redactions);
  out->set_redacted(prompt.redacted);
}

absl::StatusOr<evaluator::PromptFilter> DeleteFilter(
    const assay::v1::DeletePromptsRequest& request) {
  const bool has_filter =
      !request.content_type().empty() || !request.request_id().empty() || request.has_before();
  if (has_filter == request.all()) {
    return absl::InvalidArgumentError(
        has_filter ? "all: is set together with a filter; give one of them"
                   : "all: is false and no filter is set; set content_type, request_id or before, "
                     "or all to delete every recorded prompt");
  }
  evaluator::PromptFilter filter{.content_type = request.content_type(),
                                 .request_id = request.request_id()};
  if (request.has_before()) filter.before = FromTimestamp(request.before());
  return filter;
}

}  // namespace

absl::Status PromptLogServiceImpl::ListPrompts(const ServerCall& /*call*/,
                                               const assay::v1::ListPromptsRequest& request,
                                               assay::v1::ListPromptsResponse* response) {
  if (request.limit() < 0 || request.limit() > kMaxListLimit) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: ", request.limit(), " is out of range; give 0 to ", kMaxListLimit));
  }
  const absl::StatusOr<int64_t> row = RowOf(request.page_token());
  RETURN_IF_ERROR(row.status());
  evaluator::PromptFilter filter{.content_type = request.content_type()};
  if (request.has_since()) filter.since = FromTimestamp(request.since());
  recorder_->Flush(kMaxFlush);
  const absl::StatusOr<evaluator::PromptPage> page = recorder_->store().List(
      filter, *row, request.limit() == 0 ? kDefaultListLimit : request.limit(), kMaxPageBytes);
  RETURN_IF_ERROR(page.status());
  for (const evaluator::RecordedPrompt& prompt : page->prompts) {
    ToProto(prompt, response->add_prompts());
  }
  if (page->next > 0) response->set_next_page_token(absl::StrCat(page->next));
  response->set_total(page->total);
  response->set_recording(recorder_->recording());
  response->set_dropped(recorder_->counts().dropped);
  return absl::OkStatus();
}

absl::Status PromptLogServiceImpl::DeletePrompts(const ServerCall& /*call*/,
                                                 const assay::v1::DeletePromptsRequest& request,
                                                 assay::v1::DeletePromptsResponse* response) {
  const absl::StatusOr<evaluator::PromptFilter> filter = DeleteFilter(request);
  RETURN_IF_ERROR(filter.status());
  // A prompt that still waits must not be stored after this call.
  recorder_->Flush(kMaxFlush);
  const absl::StatusOr<int64_t> deleted = recorder_->store().Delete(*filter);
  RETURN_IF_ERROR(deleted.status());
  response->set_deleted(*deleted);
  return absl::OkStatus();
}

}  // namespace assay::server
