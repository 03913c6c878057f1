"""What the rules know about languages: words, numbers, dates, names, and the cue words that turn a meaning round."""
