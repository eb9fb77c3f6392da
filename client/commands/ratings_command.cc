// assay ratings.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/whole_file.h"
#include "client/commands/commands.h"
#include "client/commands/rating_calls.h"
#include "client/input/ratings_file.h"
#include "client/terminal/rating_tables.h"

namespace assay::client {
namespace {

using Stub = v1::RatingService::Stub;

// The server's limit per call.
constexpr size_t kBatch = 10'000;

}  // namespace

int SummarizeRatings(const Session& session) {
  v1::SummarizeRatingsRequest request;
  request.set_evaluation_id(session.arguments.rating.evaluation);
  return CallAndPrint(session, &Stub::SummarizeRatings, request,
                      [&session](const v1::SummarizeRatingsResponse& reply) {
                        session.streams.out << RatingSummaryText(reply);
                      });
}

int ExportRatings(const Session& session) {
  const std::string& file = session.arguments.rating.file;
  std::vector<v1::Rating> ratings;
  const grpc::Status status = ReadRatings(session, /*rater=*/"", &ratings);
  if (!status.ok()) return session.connection.ReportFailure(status);
  if (absl::Status s = WriteWholeFile(file, RatingsFileText(file, ratings), kPublicFile); !s.ok()) {
    session.streams.err << "assay: " << OneLine(std::string(s.message())) << "\n";
    return kExitFailed;
  }
  session.streams.err << ratings.size() << " ratings: " << OneLine(file) << "\n";
  return kExitOk;
}

int ImportRatings(const Session& session) {
  std::vector<v1::RatingItem> items;
  const grpc::Status status = ReadItems(session, &items);
  if (!status.ok()) return session.connection.ReportFailure(status);
  std::set<std::string> samples;
  for (const v1::RatingItem& item : items) samples.insert(item.sample());
  const absl::StatusOr<std::vector<v1::Rating>> ratings =
      ReadRatingsFile(session.arguments.rating.file, samples);
  if (!ratings.ok()) return ReportUsageError(session, ratings.status());
  v1::AddRatingsResponse total;
  for (size_t begin = 0; begin < ratings->size(); begin += kBatch) {
    v1::AddRatingsRequest request;
    request.set_evaluation_id(session.arguments.rating.evaluation);
    const size_t end = std::min(begin + kBatch, ratings->size());
    for (size_t i = begin; i < end; ++i) *request.add_ratings() = (*ratings)[i];
    v1::AddRatingsResponse reply;
    const grpc::Status added = Call(session.connection, &Stub::AddRatings, request, &reply);
    if (!added.ok()) return session.connection.ReportFailure(added);
    total.set_added(total.added() + reply.added());
    total.set_replaced(total.replaced() + reply.replaced());
    total.set_unchanged(total.unchanged() + reply.unchanged());
  }
  if (session.arguments.json) {
    WriteJson(total, session.streams);
  } else {
    session.streams.out << total.added() << " added, " << total.replaced() << " replaced, "
                        << total.unchanged() << " unchanged\n";
  }
  return kExitOk;
}

}  // namespace assay::client
