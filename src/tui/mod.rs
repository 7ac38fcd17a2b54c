//! The screen: state, messages, update, views. Knows nothing of the real terminal.
