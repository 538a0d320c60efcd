"""SetEnv, PassEnv and UnsetEnv: variables that applications, logs and headers find with every request (mod_env)."""
