"""Everything a site can load: each module reaches the kernel through kernel/hooks.py only."""
