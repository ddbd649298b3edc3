"""The room that serves the published folder over HTTP, and says whether the program is fit to work."""
