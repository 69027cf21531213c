#pragma once
// SHA1_* is the one way to keep a keyed HMAC state without allocating per packet.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
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

static inline int openssl_ssl_set_tlsext_host_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}

/// TLS 1.2 at least; no renegotiation or compression.
static inline int openssl_ssl_ctx_set_tls_options(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return (int)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

static inline int openssl_bio_pending(BIO *bio) { return (int)BIO_pending(bio); }

static inline int openssl_ssl_add1_chain_cert(SSL *ssl, X509 *certificate) {
  return (int)SSL_add1_chain_cert(ssl, certificate);
}

/// Adds one extension to a request for a certificate; the request has its own copy.
static inline int openssl_x509_req_add_extension(X509_REQ *request, X509_EXTENSION *extension) {
  STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
  int result = list && sk_X509_EXTENSION_push(list, extension) > 0 &&
               X509_REQ_add_extensions(request, list) == 1;
  sk_X509_EXTENSION_free(list);
  return result;
}

/// As an `i2d` function: the public point, 65 bytes uncompressed.
static inline int openssl_encode_public_point(EVP_PKEY *key, unsigned char **output) {
  unsigned char *point = NULL;
  size_t count = EVP_PKEY_get1_encoded_public_key(key, &point);
  if (count && output) {
    memcpy(*output, point, count);
    *output += count;
  }
  OPENSSL_free(point);
  return (int)count;
}

/// ECDSA with SHA-256: two numbers of 32 bytes, one after the other, go to `output`.
static inline int openssl_sign_p256(EVP_PKEY *key, const unsigned char *message, size_t count,
                                    unsigned char *output) {
  unsigned char der[80];
  size_t length = sizeof der;
  const unsigned char *position = der;
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  ECDSA_SIG *signature = NULL;
  if (context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
      EVP_DigestSign(context, der, &length, message, count) == 1)
    signature = d2i_ECDSA_SIG(NULL, &position, (long)length);
  EVP_MD_CTX_free(context);
  int result = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), output, 32) == 32 &&
               BN_bn2binpad(ECDSA_SIG_get0_s(signature), output + 32, 32) == 32;
  ECDSA_SIG_free(signature);
  return result;
}
