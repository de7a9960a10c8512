"""The next reader, on a pretrained encoder: data, network, training, export."""
