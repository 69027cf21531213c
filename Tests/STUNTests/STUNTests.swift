// Tests of STUN.
