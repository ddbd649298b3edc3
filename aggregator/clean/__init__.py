"""Draft → Entry: pure functions, in one order: decode, legal characters, normalise, resolve, truncate, sanitise."""
