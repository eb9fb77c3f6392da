// Hides credentials that a server repeats in its answer.
#ifndef ASSAY_BASE_HTTP_ECHOED_SECRETS_H_
#define ASSAY_BASE_HTTP_ECHOED_SECRETS_H_

#include <string>

#include "base/http/client.h"

namespace assay::http {

// Returns `body` with "(hidden)" in place of each credential that the request had: user name and
// password (also in the form of Basic authentication), bearer token, the values of all headers but
// Content-Type, and the user, the password and the query of the URL. Secrets shorter than 6 bytes
// are not replaced, because such texts occur by chance. The time is proportional to the size of the
// body and the number of secrets. Thread-safe.
std::string HideEchoedSecrets(std::string body, const ClientOptions& options,
                              const Request& request);

}  // namespace assay::http

#endif  // ASSAY_BASE_HTTP_ECHOED_SECRETS_H_
