"""What both HTTP services share: keys, errors as problem+json, serving."""
