"""Files below folders that are trusted: how far a path may lead, and which symbolic links it may take."""
