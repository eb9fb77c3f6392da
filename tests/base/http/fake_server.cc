// A scripted HTTP server in the process of the test.
#include "tests/base/http/fake_server.h"

#include <httplib.h>

#include <memory>
#include <string>
#include <utility>

#include "base/mutex_lock.h"

namespace assay::http {

FakeServer::FakeServer(Handler handler)
    : handler_(std::move(handler)), server_(std::make_unique<httplib::Server>()) {
  const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
    FakeRequest seen{.method = request.method, .path = request.path, .body = request.body};
    for (const auto& [key, value] : request.headers) seen.headers.emplace(key, value);
    for (const auto& [key, value] : request.params) seen.headers.emplace("?" + key, value);
    {
      const MutexLock lock(mutex_);
      requests_.push_back(seen);
    }
    const FakeAnswer answer = handler_(seen);
    response.status = answer.status;
    for (const auto& [key, value] : answer.headers) response.set_header(key, value);
    response.set_content(answer.body, "application/json");
  };
  server_->Get(".*", serve);
  server_->Post(".*", serve);
  server_->Put(".*", serve);
  server_->Patch(".*", serve);
  port_ = server_->bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::yield();
}

FakeServer::~FakeServer() {
  server_->stop();
  thread_.join();
}

std::string FakeServer::Url() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::vector<FakeRequest> FakeServer::Requests() {
  const MutexLock lock(mutex_);
  return requests_;
}

int FakeServer::Count(const std::string& path_end) {
  int count = 0;
  for (const FakeRequest& request : Requests()) {
    count += request.path.ends_with(path_end) ? 1 : 0;
  }
  return count;
}

}  // namespace assay::http
