#include "COpenSSLStart.h"

#include <openssl/crypto.h>

/// Keeps OpenSSL from taking down its tables when a program calls `exit`: other threads may still be closing connections
/// then, and would free what is gone (OPENSSL_init_crypto(3)). Its first use in a process decides, so this comes before all.
__attribute__((constructor)) static void keep_until_the_end(void) {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}
