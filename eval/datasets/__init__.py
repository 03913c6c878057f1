"""Where samples come from: the own set in this folder, public sets by path, and verdicts that people reviewed."""
