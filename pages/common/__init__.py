"""What all pages share: the frame, the controls, the cache, the map widget, the downloads."""
