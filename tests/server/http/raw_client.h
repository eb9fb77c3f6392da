// A TCP client that sends any bytes, whole requests or parts of them.
#ifndef ASSAY_TESTS_SERVER_HTTP_RAW_CLIENT_H_
#define ASSAY_TESTS_SERVER_HTTP_RAW_CLIENT_H_

#include <chrono>
#include <string>
#include <string_view>

namespace assay::server {

// Connects to a port of an IPv4 address. Aborts the test binary if it cannot.
class RawClient {
 public:
  explicit RawClient(int port, const std::string& host = "127.0.0.1");
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient();

  // Returns false if the server has reset the connection.
  bool Send(std::string_view bytes) const;
  // Sends no more bytes, and can still receive.
  void EndSending() const;
  // Returns what arrives until `end` was received, the server has closed, or 20 seconds have
  // passed. Later bytes are kept for the next call.
  std::string ReadUntil(std::string_view end);
  // Returns everything until the server closes, or until 20 seconds have passed.
  std::string ReadAll() { return ReadUntil({}); }
  // Returns true if the server closes within `timeout`; what arrives before is lost.
  bool IsClosedWithin(std::chrono::milliseconds timeout) const;

 private:
  int fd_ = -1;
  std::string received_;
};

}  // namespace assay::server

#endif  // ASSAY_TESTS_SERVER_HTTP_RAW_CLIENT_H_
