// The OpenAI API over HTTP.
#ifndef ASSAY_SERVER_FRONTS_OPENAI_OPENAI_FRONT_H_
#define ASSAY_SERVER_FRONTS_OPENAI_OPENAI_FRONT_H_

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/call_context.h"
#include "nlohmann/json.hpp"
#include "registry/residency/manager.h"
#include "server/access/access_control.h"
#include "server/config/config.h"
#include "server/http/message.h"
#include "server/http/router.h"
#include "server/rpc/request_context.h"
#include "server/serving/embedding.h"
#include "server/serving/generation.h"

namespace assay::server {

// Answers the requests of OpenAI's clients with the same services as gRPC. It only translates:
// checks, routes, limits and errors are those of the services. Thread-safe.
//
//   POST /v1/chat/completions   POST /v1/completions   POST /v1/embeddings
//   GET  /v1/models             GET  /v1/models/{id}   GET  /health   GET  /version
//   POST /tokenize              POST /detokenize
class OpenAiFront {
 public:
  // A call that has ended and that GenerationService does not record.
  using RecordFn = std::function<void(const RequestContext&, const PresentedKey&,
                                      const absl::Status&, absl::Duration)>;

  // All pointers must outlive the front.
  struct Dependencies {
    GenerationService* generation = nullptr;
    EmbeddingService* embedding = nullptr;
    registry::Manager* manager = nullptr;
    const AccessControl* access = nullptr;
    LimitsConfig limits;
    std::string version;
    // The share of generations that are traced if the caller sends no trace context.
    double sample_ratio = 0;
    // Returns false while the daemon stops or cannot serve.
    std::function<bool()> is_serving;
    RecordFn record;
  };

  explicit OpenAiFront(Dependencies dependencies) : deps_(std::move(dependencies)) {}

  // Adds the routes. The front must outlive the router's server.
  void AddRoutes(HttpRouter* router);
  // Cancels the running requests, and all that come after.
  void CancelAll() { cancelled_ = true; }

 private:
  // One request that was admitted.
  struct Call;
  using Handler = void (OpenAiFront::*)(Call&);

  // Adds a route whose callers need one of the roles `allowed`.
  void Add(HttpRouter* router, std::string method, std::string path, const char* name,
           Roles allowed, Handler handler);
  void Handle(HttpRequest request, HttpReply reply, const char* name, Roles allowed,
              Handler handler);
  RequestContext OriginOf(const HttpRequest& request, const char* name) const;

  void ChatCompletions(Call& call);
  void Completions(Call& call);
  void Embeddings(Call& call);
  void Models(Call& call);
  void OneModel(Call& call);
  void Tokenize(Call& call);
  void Detokenize(Call& call);

  // Generates and sends the whole reply, or streams it.
  void Chat(Call& call, const GenerateCall& request);
  void StreamChat(Call& call, const GenerateCall& request, bool include_usage);
  void StreamCompletions(Call& call, const std::vector<GenerateCall>& requests, bool include_usage);
  nlohmann::json ModelJson(const registry::ModelStatus& status) const;

  const Dependencies deps_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_FRONTS_OPENAI_OPENAI_FRONT_H_
