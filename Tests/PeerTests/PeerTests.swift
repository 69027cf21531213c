// Tests of Peer.
