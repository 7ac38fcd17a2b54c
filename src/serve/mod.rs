//! The API over HTTPS on loopback, for real clients.
