"""The pass phrase dialog: how the phrases of encrypted keys are obtained, remembered and forgotten."""
