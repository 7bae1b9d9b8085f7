//! What the fuzz targets have in common.

pub mod cbor;
pub mod judge;
pub mod world;
