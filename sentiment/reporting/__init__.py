"""The report of a run as one HTML file, for people who have nothing but a browser."""

from sentiment.reporting.page import render_report

__all__ = ["render_report"]
