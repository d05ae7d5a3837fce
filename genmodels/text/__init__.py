"""Text: models that write it token by token, models that read it from both sides, and what goes on inside."""
