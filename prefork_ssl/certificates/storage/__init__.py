"""Files: read in any form, written whole or not at all."""
