// Tests of SFU.
