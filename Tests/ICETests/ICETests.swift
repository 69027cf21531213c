// Tests of ICE.
