"""What answers to questions are fitted with: the model of clauses, and the calibration."""
