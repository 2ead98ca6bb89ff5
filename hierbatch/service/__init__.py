"""Speech over HTTP, compatible with clients of OpenAI's speech endpoint."""
