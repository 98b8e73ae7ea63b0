//! The HTTP API of gachette: wire types, router and client.
