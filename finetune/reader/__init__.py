"""Training of the embedded reader: data, network, training loop, export, evaluation."""
