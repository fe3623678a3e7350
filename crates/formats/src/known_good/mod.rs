//! Known-good lists.
