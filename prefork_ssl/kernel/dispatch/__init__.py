"""From a request to the functions that answer it: virtual host, sections, phases."""
