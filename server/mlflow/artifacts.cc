// Uploads the files of a run through the tracking server's artifact service.
#include "server/mlflow/artifacts.h"

#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/http/url.h"

namespace assay::server {
namespace {

constexpr std::string_view kScheme = "mlflow-artifacts:";

std::string Authority(const http::Origin& origin) {
  return absl::StrCat(origin.host, ":", origin.port);
}

// Returns the path below the service's root for "mlflow-artifacts:/7/run/artifacts", and for
// "mlflow-artifacts://host:port/..." if that is this server. Returns nullopt for any other URI.
std::optional<std::string> ServedPath(const std::string& uri, const std::string& base_url) {
  std::string_view rest = uri;
  if (!rest.starts_with(kScheme)) return std::nullopt;
  rest.remove_prefix(kScheme.size());
  if (rest.starts_with("//") && !rest.starts_with("///")) {
    rest.remove_prefix(2);
    const size_t slash = rest.find('/');
    const std::string_view authority = rest.substr(0, slash);
    const absl::StatusOr<http::Origin> server = http::OriginOf(base_url);
    if (slash == std::string_view::npos || !server.ok() ||
        (!authority.empty() && authority != Authority(*server) && authority != server->host)) {
      return std::nullopt;
    }
    rest.remove_prefix(slash);
  }
  while (rest.starts_with('/')) rest.remove_prefix(1);
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty() || absl::StrContains(std::string(rest), "..")) return std::nullopt;
  return std::string(rest);
}

std::string MediaType(const std::string& name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".md")) return "text/markdown; charset=utf-8";
  if (name.ends_with(".json")) return "application/json";
  if (name.ends_with(".jsonl")) return "application/jsonl";
  return "application/octet-stream";
}

}  // namespace

absl::StatusOr<std::vector<std::string>> UploadArtifacts(MlflowConnection* connection,
                                                         const std::string& artifact_uri,
                                                         const evaluator::TrackedRun& run,
                                                         const ArtifactSource& source) {
  std::vector<std::string> left_out;
  if (run.artifacts.empty() || source == nullptr) return left_out;
  const std::optional<std::string> folder = ServedPath(artifact_uri, connection->base_url());
  if (!folder.has_value()) {
    left_out.push_back(absl::StrCat(
        absl::StrJoin(run.artifacts, ", "), ": the server keeps artifacts in '",
        artifact_uri.substr(0, artifact_uri.find(':') + 1),
        "' and does not accept them itself; start it with --artifacts-destination (and without "
        "--no-serve-artifacts) and use a new experiment"));
    return left_out;
  }
  for (const std::string& name : run.artifacts) {
    absl::StatusOr<std::string> bytes = source(run, name);
    if (!bytes.ok()) {
      left_out.push_back(absl::StrCat(name, ": ", bytes.status().message()));
      continue;
    }
    absl::Status put = connection->PutArtifact(absl::StrCat(*folder, "/", name), MediaType(name),
                                               *std::move(bytes));
    if (put.ok()) continue;
    if (IsTransient(put)) return put;
    left_out.push_back(absl::StrCat(name, ": ", put.message()));
  }
  return left_out;
}

}  // namespace assay::server
