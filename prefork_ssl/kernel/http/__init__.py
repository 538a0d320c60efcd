"""HTTP/1.1 on one connection: requests in, responses out."""
