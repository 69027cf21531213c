// Tests of Wire.
