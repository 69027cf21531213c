// Tests of Net.
