"""Where code runs: one protocol, several backends, and an honest account of what each enforces."""
