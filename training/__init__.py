"""How each bundled checkpoint was made: `python -m training.<recipe>`. The app never imports this."""
