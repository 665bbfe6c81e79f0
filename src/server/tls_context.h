// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "server/settings.h"
#include "sterna/status.h"

struct ssl_ctx_st;  // OpenSSL's

namespace sterna::server {

// What new TLS connections are made with: the certificate, its key and the rules. Connections that were made with it
// keep it. Never changed; may be read by many threads.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

// TLS 1.2 or newer, without renegotiation. NotFound for a file that cannot be read, Corrupt for one that holds
// something else, InvalidArgument when the key belongs to another certificate or this build has no TLS.
Result<TlsContext> LoadTlsContext(const TlsFiles& files);

}  // namespace sterna::server
