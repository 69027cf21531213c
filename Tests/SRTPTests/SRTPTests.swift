// Tests of SRTP.
