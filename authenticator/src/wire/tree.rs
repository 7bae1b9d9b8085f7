pub mod layout;

use std::borrow::Cow;

use super::{Cbor, Der, Json};
use layout::{FlagNames, Layout};

/// A finished artefact in the form that deviations edit.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// JSON text.
    Json(Json),
    /// A CBOR item.
    Cbor(Cbor),
    /// A DER (or deliberately BER) element.
    Der(Der),
    /// Fixed fields, one after another.
    Layout(Layout),
    /// Octets without structure.
    Bytes(Vec<u8>),
    /// A big-endian unsigned integer of `width` octets.
    Uint {
        /// The number; its low `width` octets are rendered.
        value: u64,
        /// Octets on the wire, at most 8.
        width: usize,
    },
    /// One octet of named bits.
    Flags {
        /// The octet.
        byte: u8,
        /// The name of each bit that has one.
        names: FlagNames,
    },
    /// The length in octets of a sibling field, filled in when the layout is
    /// rendered, so that an edit of the sibling keeps the length right.
    LengthOf {
        /// The sibling's name.
        field: &'static str,
        /// Octets on the wire, at most 8.
        width: usize,
    },
}

impl Tree {
    /// The bytes that travel. A [`Tree::LengthOf`] outside a layout has
    /// nothing to measure and renders as zero.
    pub fn render(&self) -> Vec<u8> {
        match self {
            Self::Json(json) => json.render(),
            Self::Cbor(cbor) => cbor.render(),
            Self::Der(der) => der.render(),
            Self::Layout(layout) => layout.render(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Uint { value, width } => big_endian(*value, *width),
            Self::Flags { byte, .. } => vec![*byte],
            Self::LengthOf { width, .. } => big_endian(0, *width),
        }
    }

    /// The same, without a copy of what is octets already: it may be megabytes.
    pub fn octets(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Bytes(octets) | Self::Json(Json::Raw(octets)) => octets.into(),
            other => other.render().into(),
        }
    }

    /// The same once more, of a tree that is no longer needed.
    pub fn into_octets(self) -> Vec<u8> {
        match self {
            Self::Bytes(octets) | Self::Json(Json::Raw(octets)) => octets,
            other => other.render(),
        }
    }
}

/// The low `width` octets of `value`, most significant first.
pub(super) fn big_endian(value: u64, width: usize) -> Vec<u8> {
    let skip = 8usize.saturating_sub(width);
    value.to_be_bytes().into_iter().skip(skip).collect()
}
