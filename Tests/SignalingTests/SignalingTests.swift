// Tests of Signaling.
