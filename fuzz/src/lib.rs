//! What the fuzz targets have in common.

pub mod cbor;
pub mod decoders;
pub mod files;
pub mod judge;
pub mod options;
pub mod world;
