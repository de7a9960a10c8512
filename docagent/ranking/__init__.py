"""The learned choice between candidates: options, their features, and the network that ranks."""
