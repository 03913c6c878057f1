"""The review page: a local web server on which a person accepts, overrules and comments on verdicts."""
