//! The commands, one file each.

pub(crate) mod account;
pub(crate) mod backup;
pub(crate) mod case;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod extract;
pub(crate) mod import;
pub(crate) mod search;
pub(crate) mod serve;
pub(crate) mod sightings;
pub(crate) mod token;
pub(crate) mod verify;
