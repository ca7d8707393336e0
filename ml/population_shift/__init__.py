"""Whether a stream still looks as it did in training: a distance, and the band that the training set itself fills."""
