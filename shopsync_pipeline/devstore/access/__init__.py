"""Who may ask: apps with their secrets and scopes, the tokens they hold, and what each root field demands."""
