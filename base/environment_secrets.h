// Hides secrets of the process's environment in a text.
#ifndef ASSAY_BASE_ENVIRONMENT_SECRETS_H_
#define ASSAY_BASE_ENVIRONMENT_SECRETS_H_

#include <string>

namespace assay {

// Returns `text` with "(NAME hidden)" in place of the value of each environment variable whose name
// says that it is a secret (it contains KEY, TOKEN, SECRET, PASSWORD, PASSWD, CREDENTIAL or
// HEADERS), and with "(hidden)" in place of "user:password" of each variable that is a URL. Values
// shorter than 6 bytes are not replaced, because such texts occur by chance. Reads the environment,
// which must not change at the same time.
std::string HideEnvironmentSecrets(std::string text);

}  // namespace assay

#endif  // ASSAY_BASE_ENVIRONMENT_SECRETS_H_
