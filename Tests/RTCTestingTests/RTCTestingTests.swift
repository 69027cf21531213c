// Tests of RTCTesting.
