#pragma once
// SHA1_* is the one way to keep a keyed HMAC state without allocating per packet.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/time.h>

// What OpenSSL offers as macros only, as functions under the same names in lower case.

static inline EVP_PKEY *openssl_generate_p256_key(void) { return EVP_EC_gen("P-256"); }

static inline int openssl_ssl_ctx_set_protocol_version(SSL_CTX *context, int version) {
  return SSL_CTX_set_min_proto_version(context, version) &&
         SSL_CTX_set_max_proto_version(context, version);
}

static inline int openssl_ssl_ctx_set1_groups_list(SSL_CTX *context, const char *groups) {
  return (int)SSL_CTX_set1_groups_list(context, groups);
}

static inline int openssl_ssl_ctx_set1_sigalgs_list(SSL_CTX *context, const char *algorithms) {
  return (int)SSL_CTX_set1_sigalgs_list(context, algorithms);
}

static inline int openssl_ssl_ctx_set_max_send_fragment(SSL_CTX *context, long count) {
  return (int)SSL_CTX_set_max_send_fragment(context, count);
}

static inline void openssl_ssl_ctx_set_max_cert_list(SSL_CTX *context, long count) {
  SSL_CTX_set_max_cert_list(context, count);
}

/// No MTU questions, tickets, resumption, renegotiation or compression; our order of suites.
static inline void openssl_ssl_ctx_set_dtls_options(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static inline int openssl_ssl_set_mtu(SSL *ssl, long mtu) { return (int)SSL_set_mtu(ssl, mtu); }

/// Whether a timer runs; how long it has to go goes to `remaining`.
static inline int openssl_dtlsv1_get_timeout(SSL *ssl, struct timeval *remaining) {
  return (int)DTLSv1_get_timeout(ssl, remaining);
}

/// Positive: retransmitted; 0: nothing was due; negative: too many in a row.
static inline int openssl_dtlsv1_handle_timeout(SSL *ssl) {
  return (int)DTLSv1_handle_timeout(ssl);
}
