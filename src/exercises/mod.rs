//! Packs, checks, grading, diffs with the reference, proofs.
