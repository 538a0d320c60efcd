"""TLS to other servers, as whoever speaks to them is offered it: SSLProxyEngine and its family."""
