// A fake Hugging Face Hub with its storage host.
#include "tests/registry/hub/fake_hub.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/mutex_lock.h"
#include "nlohmann/json.hpp"
#include "tests/registry/hub/socket_server.h"

namespace assay::registry {
namespace {

constexpr char kFolder[] = "/org/model/resolve/";
constexpr char kStorageFolder[] = "/storage/";

// Hashes the whole text at once, unlike the code under test.
std::string Digest(const std::string& text, const EVP_MD* algorithm) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, algorithm, nullptr);
  return absl::BytesToHexString(std::string(reinterpret_cast<char*>(digest), size));
}

std::string BlobHash(const std::string& content, bool lfs) {
  if (lfs) return Digest(content, EVP_sha256());
  return Digest(absl::StrCat("blob ", content.size(), std::string(1, '\0'), content), EVP_sha1());
}

}  // namespace

FakeHub::FakeHub() {
  const auto answer = [this](const HubCall& call) { return Answer(call); };
  const auto sent = [this](const HubCall& call, int64_t bytes) { CountBody(call, bytes); };
  hub_ = std::make_unique<SocketServer>(false, answer, sent);
  storage_ = std::make_unique<SocketServer>(true, answer, sent);
}

FakeHub::~FakeHub() {
  hub_.reset();
  storage_.reset();
}

std::string FakeHub::Url() const { return hub_->Url(); }
std::string FakeHub::StorageUrl() const { return storage_->Url(); }

void FakeHub::AddFile(const std::string& name, const std::string& content, bool lfs) {
  const MutexLock lock(mutex_);
  files_[name] = File{.content = content, .hash = BlobHash(content, lfs), .lfs = lfs};
}

void FakeHub::SetFault(Fault fault) {
  const MutexLock lock(mutex_);
  fault_ = std::move(fault);
}

void FakeHub::SetListing(const std::string& json) {
  const MutexLock lock(mutex_);
  listing_ = json;
}

void FakeHub::ListNamesOnly() {
  const MutexLock lock(mutex_);
  names_only_ = true;
}

std::string FakeHub::Hash(const std::string& name) {
  const MutexLock lock(mutex_);
  return files_.at(name).hash;
}

std::vector<HubCall> FakeHub::Calls() {
  const MutexLock lock(mutex_);
  return calls_;
}

int FakeHub::Count(const std::string& part) {
  const std::vector<HubCall> calls = Calls();
  return static_cast<int>(std::count_if(calls.begin(), calls.end(), [&](const HubCall& call) {
    return absl::StrContains(call.path, part);
  }));
}

int64_t FakeHub::BodyBytes(const std::string& name) {
  const MutexLock lock(mutex_);
  return body_bytes_[name];
}

std::string FakeHub::FileOf(const HubCall& call) {
  for (const auto& [name, file] : files_) {
    if (call.path ==
            absl::StrCat(kFolder, kCommit, "/", absl::StrReplaceAll(name, {{" ", "%20"}})) ||
        absl::StartsWith(call.path, absl::StrCat(kStorageFolder, file.hash))) {
      return name;
    }
  }
  return "";
}

void FakeHub::CountBody(const HubCall& call, int64_t bytes) {
  const MutexLock lock(mutex_);
  body_bytes_[FileOf(call)] += bytes;
}

HubReply FakeHub::Answer(const HubCall& call) {
  Fault fault;
  HubReply right;
  {
    const MutexLock lock(mutex_);
    calls_.push_back(call);
    right = RightReply(call);
    fault = fault_;
  }
  std::optional<HubReply> wrong;
  if (fault) wrong = fault(call, right);
  return wrong.value_or(right);
}

HubReply FakeHub::RightReply(const HubCall& call) {
  if (call.path == "/api/models/org/model/revision/main?blobs=true" ||
      call.path == absl::StrCat("/api/models/org/model/revision/", kCommit, "?blobs=true")) {
    return {.body = listing_.has_value() ? *listing_ : Listing()};
  }
  if (absl::StartsWith(call.path, "/api/models/org/model/")) {
    return {.status = 404, .headers = {{"X-Error-Code", "RevisionNotFound"}}};
  }
  if (absl::StartsWith(call.path, "/api/models/")) {
    return {.status = 401, .headers = {{"X-Error-Code", "RepoNotFound"}}};
  }
  const auto found = files_.find(FileOf(call));
  if (found == files_.end()) return {.status = 404, .headers = {{"X-Error-Code", "EntryNotFound"}}};
  const File& file = found->second;
  if (call.storage || !file.lfs) return Content(call, file);
  return {.status = 302,
          .headers = {{"Location", absl::StrCat(storage_->Url(), kStorageFolder, file.hash,
                                                "?Signature=s3cret")},
                      {"X-Repo-Commit", kCommit},
                      {"X-Linked-Size", absl::StrCat(file.content.size())},
                      {"X-Linked-ETag", absl::StrCat("\"", file.hash, "\"")}}};
}

HubReply FakeHub::Content(const HubCall& call, const File& file) const {
  HubReply reply{
      .headers = {{"ETag", absl::StrCat("\"", file.hash, "\"")}, {"X-Repo-Commit", kCommit}}};
  const auto size = static_cast<int64_t>(file.content.size());
  if (call.offset == 0) {
    reply.body = file.content;
  } else if (call.offset < size) {
    reply.status = 206;
    reply.body = file.content.substr(static_cast<size_t>(call.offset));
    reply.headers.emplace_back("Content-Range",
                               absl::StrCat("bytes ", call.offset, "-", size - 1, "/", size));
  } else {
    reply.status = 416;
  }
  return reply;
}

std::string FakeHub::Listing() {
  nlohmann::json siblings = nlohmann::json::array();
  for (const auto& [name, file] : files_) {
    nlohmann::json sibling = {{"rfilename", name}};
    if (!names_only_) {
      sibling["size"] = file.content.size();
      // Like on the real Hub, blobId of an LFS file is that of the pointer file.
      sibling["blobId"] = file.lfs ? std::string(40, 'e') : file.hash;
      if (file.lfs) {
        sibling["lfs"] = {
            {"sha256", file.hash}, {"size", file.content.size()}, {"pointerSize", 135}};
      }
    }
    siblings.push_back(sibling);
  }
  return nlohmann::json{{"id", "org/model"}, {"sha", kCommit}, {"siblings", siblings}}.dump();
}

}  // namespace assay::registry
