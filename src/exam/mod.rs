//! Sittings, scores, progress and review.
