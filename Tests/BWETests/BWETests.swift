// Tests of BWE.
