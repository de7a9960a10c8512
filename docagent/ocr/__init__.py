"""Optical character recognition: text detection, text recognition and the engines built on them."""
