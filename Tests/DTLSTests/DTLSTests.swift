// Tests of DTLS.
