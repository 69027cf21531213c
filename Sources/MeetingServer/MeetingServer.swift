// The room MeetingServer is being built.
