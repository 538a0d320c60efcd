"""Where an application runs while its connection waits: in a greenlet, or in a native thread."""
