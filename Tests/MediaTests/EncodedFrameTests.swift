import Media
import Testing

@Test func `a frame is a place to begin unless said otherwise`() {
  #expect(EncodedFrame(bytes: [1], timestamp: 0).isKeyFrame)
}
