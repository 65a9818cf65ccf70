"""Why: arrays and small frames in, answers out. No file, no clock, no global."""
