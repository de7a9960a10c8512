"""Where errors come from: by cause, by character, by degradation; and pictures of them."""
