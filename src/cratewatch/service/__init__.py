"""The HTTP service: pictures in, releases and prices out, and pages for people."""
