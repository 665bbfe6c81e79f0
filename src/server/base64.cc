// SPDX-License-Identifier: Apache-2.0
#include "server/base64.h"

#include <openssl/evp.h>

namespace sterna::server {

std::string Base64(std::span<const uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // the function below ends with a zero
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(), int(bytes.size()));
  text.resize(size_t(length));
  return text;
}

}  // namespace sterna::server
