// Tests of RTP.
