// Tests of MeetingServer.
