//! Bounds that end what would never end. Each is far above what a healthy scenario needs.

/// Syncs of single keys within one instant before the world says `Busy`.
pub(crate) const SYNCS_MAX: u32 = 200_000;

/// Changes that a store remembers for watches. Older ones answer `410 Gone`, as after a compaction.
pub(crate) const WATCH_LOG_MAX: usize = 20_000;

/// Bytes of one file in a simulated file tree.
pub(crate) const FILE_BYTES_MAX: usize = 64 << 20;
