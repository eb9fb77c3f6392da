// A scripted HTTP server in the process of the test.
#ifndef ASSAY_TESTS_BASE_HTTP_FAKE_SERVER_H_
#define ASSAY_TESTS_BASE_HTTP_FAKE_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace httplib {
class Server;
}  // namespace httplib

namespace assay::http {

struct FakeRequest {
  std::string method;
  std::string path;
  std::string body;
  std::multimap<std::string, std::string> headers;
};

struct FakeAnswer {
  int status = 200;
  std::string body = "{}";
  std::multimap<std::string, std::string> headers;
};

// Serves GET, POST, PUT and PATCH on a free port of 127.0.0.1 with the answers of `handler`, and
// records the requests. Query parameters are recorded as headers with a leading '?'. Thread-safe.
class FakeServer {
 public:
  using Handler = std::function<FakeAnswer(const FakeRequest&)>;

  explicit FakeServer(Handler handler);
  ~FakeServer();

  std::string Url() const;
  std::vector<FakeRequest> Requests();
  // Returns the number of requests whose path ends with `path_end`.
  int Count(const std::string& path_end);

 private:
  const Handler handler_;
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
  absl::Mutex mutex_;
  std::vector<FakeRequest> requests_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::http

#endif  // ASSAY_TESTS_BASE_HTTP_FAKE_SERVER_H_
