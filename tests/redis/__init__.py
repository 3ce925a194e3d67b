"""Redis as operators run it: by sentinels, with TLS, with users of few rights."""
