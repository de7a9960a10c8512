"""The OCR engines there are, and how their readings are fused or routed."""
