// SPDX-License-Identifier: Apache-2.0
#include "server/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/status_macros.h"

namespace sterna::server {
namespace {

std::string Reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  return text != nullptr ? text : "unknown";
}

bool LastErrorIsMismatch() {
  const unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) != ERR_LIB_X509) return false;
  return ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH || ERR_GET_REASON(error) == X509_R_KEY_TYPE_MISMATCH;
}

Status CheckReadable(std::string_view flag, const std::string& path) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(path, ignored);
  if (!folder && std::ifstream(path)) return {};
  return Status::NotFound(fmt::format("{} '{}': {}; name a PEM file that the server may read", flag, path,
                                      folder ? "this is a folder" : std::strerror(errno)));
}

Status Mismatch(const TlsFiles& files) {
  return Status::InvalidArgument(fmt::format("--tls-key '{}' does not belong to the certificate in '{}'; name its key",
                                             files.key, files.certificate));
}

// Nobody is there to be asked.
int NoPassphrase(char*, int, int, void*) { return -1; }

Status Fill(ssl_ctx_st* context, const TlsFiles& files) {
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return Status::Corrupt(
        fmt::format("--tls-cert '{}' holds no certificate that can be used: {}; it must be PEM, the "
                    "server's certificate first",
                    files.certificate, Reason()));
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (LastErrorIsMismatch()) return Mismatch(files);
    return Status::Corrupt(
        fmt::format("--tls-key '{}' holds no key that can be used: {}; it must be PEM, without a "
                    "passphrase",
                    files.key, Reason()));
  }
  return SSL_CTX_check_private_key(context) == 1 ? Status() : Mismatch(files);
}

}  // namespace

Result<TlsContext> LoadTlsContext(const TlsFiles& files) {
  STERNA_RETURN_IF_ERROR(CheckReadable("--tls-cert", files.certificate));
  STERNA_RETURN_IF_ERROR(CheckReadable("--tls-key", files.key));
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return Status::ResourceExhausted("TLS cannot begin: " + Reason());
  SSL_CTX_set_default_passwd_cb(context.get(), NoPassphrase);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);  // clients keep tickets; here nothing grows
  STERNA_RETURN_IF_ERROR(Fill(context.get(), files));
  return context;
}

}  // namespace sterna::server
