"""Where applications come from: a script or a module, imported in the workers, in the master, or on trial."""
