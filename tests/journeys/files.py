"""Files that people bring along."""

from pathlib import Path

SAMPLE = Path(__file__).parents[1] / "data" / "orders-report-sample.csv"
