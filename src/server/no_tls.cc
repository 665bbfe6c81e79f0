// SPDX-License-Identifier: Apache-2.0
//
// In place of tls_context.cc and tls_stream.cc where STERNA_TLS is off.
#include "server/client_stream.h"
#include "server/tls_context.h"

namespace sterna::server {

Result<TlsContext> LoadTlsContext(const TlsFiles&) {
  return Status::InvalidArgument("--tls-cert: this sterna was built without TLS; build it with STERNA_TLS=ON");
}

// Nobody has a context to call it with.
std::unique_ptr<ClientStream> MakeTlsStream(ClientStream::Socket, const TlsContext&) { return nullptr; }

}  // namespace sterna::server
