"""Files below DocumentRoot (or an Alias), as HTTP has them: conditional, in ranges, compressed beforehand."""
