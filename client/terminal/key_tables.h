// Keys as text.
#ifndef ASSAY_CLIENT_TERMINAL_KEY_TABLES_H_
#define ASSAY_CLIENT_TERMINAL_KEY_TABLES_H_

#include <string>

#include "assay/v1/access.pb.h"

namespace assay::client {

// One row per key, then whether the server asks for keys.
std::string KeyTable(const v1::ListKeysResponse& reply);

// What a new key allows, in a few lines.
std::string KeyLines(const v1::Key& key);

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TERMINAL_KEY_TABLES_H_
