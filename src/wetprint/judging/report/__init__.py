"""The report: one HTML file that shows how close a model came, in numbers, pictures and sound."""
