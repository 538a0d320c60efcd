"""The dedicated SSL log: its file, its events, and what to do about them."""
