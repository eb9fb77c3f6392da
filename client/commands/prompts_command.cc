// assay prompts list, export and delete.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "assay/v1/prompt_log.grpc.pb.h"
#include "base/whole_file.h"
#include "client/commands/commands.h"
#include "client/tables/row_sample.h"
#include "client/terminal/prompt_tables.h"
#include "google/protobuf/util/time_util.h"
#include "nlohmann/json.hpp"

namespace assay::client {
namespace {

using Stub = v1::PromptLogService::Stub;
using Json = nlohmann::ordered_json;

constexpr int kPageSize = 1000;

google::protobuf::Timestamp TimeBefore(double seconds) {
  google::protobuf::Timestamp time;
  absl::Duration rest = absl::Now() - absl::Seconds(seconds) - absl::UnixEpoch();
  time.set_seconds(absl::IDivDuration(rest, absl::Seconds(1), &rest));
  time.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return time;
}

v1::ListPromptsRequest ListRequest(const Arguments& arguments) {
  v1::ListPromptsRequest request;
  request.set_content_type(arguments.prompts.content_type);
  if (arguments.prompts.age_seconds > 0) {
    *request.mutable_since() = TimeBefore(arguments.prompts.age_seconds);
  }
  return request;
}

// What `export` did with the recorded prompts.
struct ExportCounts {
  int64_t recorded = 0;
  int64_t duplicates = 0;
  int64_t untyped = 0;
};

// Gives prompts without a content type the one of --untyped-as, or drops them, and drops
// duplicates.
std::vector<v1::RecordedPrompt> Distinct(std::vector<v1::RecordedPrompt> prompts,
                                         const PromptLogOptions& options, ExportCounts* counts) {
  std::set<std::vector<std::string>> known;
  std::vector<v1::RecordedPrompt> kept;
  for (v1::RecordedPrompt& prompt : prompts) {
    if (prompt.content_type().empty()) prompt.set_content_type(options.untyped_as);
    if (prompt.content_type().empty()) {
      ++counts->untyped;
    } else if (!known.insert({prompt.content_type(), prompt.prompt(), prompt.system()}).second) {
      ++counts->duplicates;
    } else {
      kept.push_back(std::move(prompt));
    }
  }
  return kept;
}

// Says where the prompts come from; the report of an evaluation shows it.
std::string SourceName(const std::vector<v1::RecordedPrompt>& chosen, size_t distinct,
                       const PromptLogOptions& options) {
  using google::protobuf::util::TimeUtil;
  constexpr size_t kDateCharacters = 10;
  // The prompts are listed newest first.
  const auto date = [](const v1::RecordedPrompt& prompt) {
    return TimeUtil::ToString(prompt.recorded_at()).substr(0, kDateCharacters);
  };
  const std::string first = date(chosen.back());
  const std::string last = date(chosen.front());
  std::string name = absl::StrCat("requests of ", first);
  if (first != last) absl::StrAppend(&name, " to ", last);
  if (chosen.size() < distinct) {
    absl::StrAppend(&name, " (random ", chosen.size(), " of ", distinct, ", seed ", options.seed,
                    ")");
  }
  return name;
}

std::string ExportText(const std::vector<v1::RecordedPrompt>& prompts, const std::string& source) {
  std::string text;
  std::set<std::string> ids;
  for (const v1::RecordedPrompt& prompt : prompts) {
    // Clients may use one request id for several requests.
    std::string id = prompt.request_id();
    for (int next = 2; !ids.insert(id).second; ++next) {
      id = absl::StrCat(prompt.request_id(), "-", next);
    }
    Json json = {{"id", id}, {"content_type", prompt.content_type()}, {"prompt", prompt.prompt()}};
    if (!prompt.system().empty()) json["system"] = prompt.system();
    json["source"] = source;
    json["recorded_at"] = google::protobuf::util::TimeUtil::ToString(prompt.recorded_at());
    absl::StrAppend(&text, json.dump(-1, ' ', false, Json::error_handler_t::replace), "\n");
  }
  return text;
}

void WriteExport(const Session& session, size_t written, const ExportCounts& counts) {
  const PromptLogOptions& options = session.arguments.prompts;
  if (session.arguments.json) {
    session.streams.out << Json({{"written", written},
                                 {"recorded", counts.recorded},
                                 {"duplicates", counts.duplicates},
                                 {"untyped", counts.untyped},
                                 {"file", options.output}})
                               .dump()
                        << "\n";
    return;
  }
  session.streams.out << "wrote " << written << " of " << counts.recorded << " recorded prompts to "
                      << options.output << "; dropped " << counts.duplicates
                      << (counts.duplicates == 1 ? " duplicate" : " duplicates");
  if (counts.untyped > 0) {
    session.streams.out << " and " << counts.untyped
                        << " without a content type (--untyped-as TYPE keeps them)";
  }
  session.streams.out << "\n";
}

}  // namespace

int ListPrompts(const Session& session) {
  v1::ListPromptsRequest request = ListRequest(session.arguments);
  request.set_limit(session.arguments.limit);
  return CallAndPrint(session, &Stub::ListPrompts, request,
                      [&session](const v1::ListPromptsResponse& reply) {
                        session.streams.out << PromptTable(reply);
                      });
}

int ExportPrompts(const Session& session) {
  const PromptLogOptions& options = session.arguments.prompts;
  v1::ListPromptsRequest request = ListRequest(session.arguments);
  request.set_limit(kPageSize);
  std::vector<v1::RecordedPrompt> prompts;
  bool recording = true;
  do {
    v1::ListPromptsResponse reply;
    const grpc::Status status = Call(session.connection, &Stub::ListPrompts, request, &reply);
    if (!status.ok()) return session.connection.ReportFailure(status);
    for (v1::RecordedPrompt& prompt : *reply.mutable_prompts()) {
      prompts.push_back(std::move(prompt));
    }
    recording = reply.recording();
    request.set_page_token(reply.next_page_token());
  } while (!request.page_token().empty());

  ExportCounts counts{.recorded = static_cast<int64_t>(prompts.size())};
  const std::vector<v1::RecordedPrompt> distinct = Distinct(std::move(prompts), options, &counts);
  if (distinct.empty()) {
    session.streams.err << "assay: NOT_FOUND: no recorded prompt matches"
                        << (counts.untyped > 0 ? "; those without a content type need --untyped-as"
                                               : "")
                        << (recording ? ""
                                      : "; the server does not record (recording.prompts is false)")
                        << "\n";
    return kExitNotFound;
  }
  std::vector<v1::RecordedPrompt> chosen;
  for (const int64_t i :
       SampleRows(static_cast<int64_t>(distinct.size()), options.sample, options.seed)) {
    chosen.push_back(distinct[static_cast<size_t>(i)]);
  }
  const absl::Status written =
      WriteWholeFile(options.output,
                     ExportText(chosen, SourceName(chosen, distinct.size(), options)), kPublicFile);
  if (!written.ok()) return ReportUsageError(session, written);
  WriteExport(session, chosen.size(), counts);
  return kExitOk;
}

int DeletePrompts(const Session& session) {
  const PromptLogOptions& options = session.arguments.prompts;
  v1::DeletePromptsRequest request;
  request.set_content_type(options.content_type);
  request.set_request_id(options.request_id);
  if (options.age_seconds > 0) *request.mutable_before() = TimeBefore(options.age_seconds);
  request.set_all(options.all);
  return CallAndPrint(session, &Stub::DeletePrompts, request,
                      [&session](const v1::DeletePromptsResponse& reply) {
                        session.streams.out << "deleted " << reply.deleted()
                                            << (reply.deleted() == 1 ? " prompt\n" : " prompts\n");
                      });
}

}  // namespace assay::client
