"""How much can it take: steps, their boundary with its interval, models that must agree, demand against it."""
