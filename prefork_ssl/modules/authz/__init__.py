"""authz_module: who may see what. Require, and the sections that combine it."""
