"""What is compared: OCR engines behind one call, and a baseline of regular expressions."""
