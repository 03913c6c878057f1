"""What people read of results and comparisons: one HTML file, Markdown for a pull request, lines on a terminal."""
